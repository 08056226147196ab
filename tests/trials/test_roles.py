"""Who may do what, where and when: the table of roles, asked in every place it is asked from."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import override_settings

from tests.factories import UserFactory, assign, make_site, make_study, person
from trials.audit import clock
from trials.models import Role, Site, Study, User
from trials.roles import ROLES, STUDY_WIDE, NotPermitted, Verb, may, require, scope, sites_of, studies_of

pytestmark = pytest.mark.django_db

CLINICAL = frozenset(Verb) - ROLES[Role.ADMINISTRATOR] - {Verb.MANAGE_LIST}

# Written out once more, independently of the table in the code: a change of rights is a change of two files.
_READER = "READ READ_AUDIT READ_PROTOCOL READ_FREE_TEXT "
_SITE = _READER + "ENTER ENROLL RANDOMIZE VOID IMPORT ANSWER_QUERY REQUEST_REDACTION "
_WATCH = _READER + "ACCEPT FREEZE RAISE_QUERY CLOSE_QUERY REVIEW_AUDIT REQUEST_REDACTION "
EXPECTED = {
    Role.INVESTIGATOR: _SITE
    + "EXPORT APPROVE_DOSES SIGN UNLOCK APPROVE_REDACTION RECORD_RANDOMIZATION_ERROR",
    Role.COORDINATOR: _SITE,
    Role.MONITOR: _WATCH + "VERIFY",
    Role.DATA_MANAGER: _WATCH
    + "IMPORT EXPORT CORRECT_RANGE LOCK UNLOCK APPROVE_REDACTION RECORD_RANDOMIZATION_ERROR",
    Role.STATISTICIAN: "READ EXPORT READ_AUDIT READ_PROTOCOL",
    Role.RANDOMIZATION_KEEPER: "READ_PROTOCOL MANAGE_LIST",
    Role.ADMINISTRATOR: "READ_PROTOCOL MANAGE_PROTOCOL MANAGE_ACCOUNTS",
}

every_role = pytest.mark.parametrize("role", list(Role))


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def site(study: Study) -> Site:
    return make_site(study)


def allowed(user: User, *, site: Site | None = None, study: Study | None = None) -> set[Verb]:
    """What `may` allows; `require` must say the same."""
    found = {verb for verb in Verb if may(user, verb, site=site, study=study)}
    for verb in Verb:
        try:
            require(user, verb, site=site, study=study)
            named = True
        except NotPermitted:
            named = False
        assert named == (verb in found), verb
    return found


def test_the_table_names_every_role() -> None:
    assert set(ROLES) == set(Role) == set(EXPECTED)


@every_role
def test_a_role_at_a_site_gives_its_verbs_there_but_none_that_belong_to_the_study(
    study: Study, site: Site, role: Role
) -> None:
    expected = {Verb[name] for name in EXPECTED[role].split()}
    assert ROLES[role] == expected
    assert allowed(person(role, study, site), site=site) == expected - STUDY_WIDE


@every_role
def test_a_role_in_the_study_gives_its_verbs_in_the_study_and_at_every_site(
    study: Study, site: Site, role: Role
) -> None:
    user = person(role, study)
    assert allowed(user, site=site) == ROLES[role]
    assert allowed(user, site=make_site(study, "PK")) == ROLES[role]
    assert allowed(user, study=study) == ROLES[role]


@every_role
def test_a_role_at_a_site_gives_nothing_elsewhere(study: Study, site: Site, role: Role) -> None:
    user = person(role, study, site)
    assert allowed(user, site=make_site(study, "PK")) == set()
    assert allowed(user, study=study) == set()


@every_role
def test_a_role_in_one_study_gives_nothing_in_another(study: Study, site: Site, role: Role) -> None:
    other = make_study("TEST-2")
    foreign = make_site(other, "ZS")
    for user in (person(role, study), person(role, study, site)):
        assert allowed(user, site=foreign) == set()
        assert allowed(user, study=other) == set()


@every_role
def test_a_role_gives_nothing_before_its_first_and_after_its_last_day(
    study: Study, site: Site, role: Role
) -> None:
    today = clock.today("Asia/Shanghai")
    day = timedelta(days=1)
    for dates, holds in (
        ({"valid_from": today + day}, False),
        ({"valid_from": today}, True),
        ({"valid_from": today - day, "valid_to": today - day}, False),
        ({"valid_from": today - day, "valid_to": today}, True),
    ):
        user = assign(UserFactory(), role, study, **dates)
        assert bool(allowed(user, site=site)) is holds


@every_role
def test_an_account_that_is_closed_has_no_right_at_once(study: Study, site: Site, role: Role) -> None:
    user = person(role, study)
    assert allowed(user, site=site)
    user.is_active = False
    assert allowed(user, site=site) == set()
    assert not scope(user, Verb.READ)
    assert not sites_of(user).exists()
    assert not studies_of(user).exists()


def test_an_administrator_of_the_installation_has_no_clinical_right(study: Study, site: Site) -> None:
    root = UserFactory(is_superuser=True)
    assert allowed(root, site=site) == allowed(root, study=study) == ROLES[Role.ADMINISTRATOR]
    assert not ROLES[Role.ADMINISTRATOR] & CLINICAL
    assert not scope(root, Verb.READ)
    root.is_active = False
    assert allowed(root, site=site) == set()


def test_an_administrator_of_the_installation_may_hold_a_role_as_anybody(study: Study, site: Site) -> None:
    root = assign(UserFactory(is_superuser=True), Role.MONITOR, study, site)
    assert allowed(root, site=site) == ROLES[Role.ADMINISTRATOR] | ROLES[Role.MONITOR]


def test_two_roles_give_what_both_give_each_in_its_place(study: Study, site: Site) -> None:
    other = make_site(study, "PK")
    user = assign(person(Role.COORDINATOR, study, site), Role.MONITOR, study, other)
    assert allowed(user, site=site) == ROLES[Role.COORDINATOR]
    assert allowed(user, site=other) == ROLES[Role.MONITOR]
    assert require(user, Verb.READ, site=other) == Role.MONITOR


def test_nobody_without_a_role_may_anything(study: Study, site: Site) -> None:
    user = UserFactory()
    assert allowed(user, site=site) == allowed(user, study=study) == allowed(user) == set()


@pytest.mark.parametrize("verb", sorted(STUDY_WIDE))
def test_what_belongs_to_the_study_is_never_given_by_a_role_at_one_site(
    study: Study, site: Site, verb: Verb
) -> None:
    role = next(role for role in Role if verb in ROLES[role])
    for place in ({"site": site}, {"study": study}, {}):
        with pytest.raises(NotPermitted):
            require(person(role, study, site), verb, **place)


@override_settings(DEMO=True)
def test_a_role_begins_and_ends_at_midnight_where_the_installation_is(study: Study, site: Site) -> None:
    one_day = {"valid_from": date(2021, 3, 2), "valid_to": date(2021, 3, 2)}
    user = assign(UserFactory(), Role.MONITOR, study, site, **one_day)
    for moment, holds in (
        (datetime(2021, 3, 1, 15, 59, tzinfo=UTC), False),
        (datetime(2021, 3, 1, 16, 0, tzinfo=UTC), True),
        (datetime(2021, 3, 2, 15, 59, tzinfo=UTC), True),
        (datetime(2021, 3, 2, 16, 0, tzinfo=UTC), False),
    ):
        with clock.simulated(moment):
            assert may(user, Verb.READ, site=site) is holds


def test_a_refusal_says_what_is_not_allowed_and_nothing_else(study: Study, site: Site) -> None:
    with pytest.raises(NotPermitted) as refusal:
        require(person(Role.MONITOR, study, site), Verb.RANDOMIZE, site=site)
    assert str(refusal.value) == "Your role does not allow you to randomize a subject."


def test_studies_and_sites_are_known_to_who_has_a_role_there(study: Study, site: Site) -> None:
    other = make_site(study, "PK")
    foreign = make_site(make_study("TEST-2"), "ZS")
    of_site, of_study = person(Role.COORDINATOR, study, site), person(Role.MONITOR, study)
    assert set(sites_of(of_site)) == {site}
    assert set(sites_of(of_study)) == {site, other}
    assert set(studies_of(of_site)) == set(studies_of(of_study)) == {study}
    assert set(sites_of(UserFactory(is_superuser=True))) == {site, other, foreign}


def test_rights_of_a_request_cost_one_query(study: Study, site: Site, django_assert_num_queries) -> None:
    user = User.objects.get(pk=person(Role.COORDINATOR, study, site).pk)
    with django_assert_num_queries(1):
        for verb in Verb:
            may(user, verb, site=site)


@pytest.mark.requirement("R23")
@every_role
@pytest.mark.parametrize("trained_on", [None, date(2100, 1, 1)])
def test_a_role_without_training_reads_but_does_not_write(
    study: Study, site: Site, role: Role, trained_on: date | None
) -> None:
    user = assign(UserFactory(), role, study, trained_on=trained_on)
    reading = {verb for verb in ROLES[role] if verb.name.startswith(("READ", "MANAGE_"))} - {Verb.MANAGE_LIST}
    assert allowed(user, study=study) == allowed(user, site=site) == reading


def test_who_lacks_only_the_training_is_told_so(study: Study, site: Site) -> None:
    user = assign(UserFactory(), Role.COORDINATOR, study, site, trained_on=None)
    with pytest.raises(NotPermitted, match=r"^The training for your role is not recorded\.$"):
        require(user, Verb.ENTER, site=site)
    with pytest.raises(NotPermitted, match="does not allow you to randomize|does not allow you to sign"):
        require(user, Verb.SIGN, site=site)
