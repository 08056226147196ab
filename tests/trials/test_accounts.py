"""Accounts: one person, one name for ever, every change with actor and reason."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory

from tests.factories import PASSWORD, UserFactory, assign, make_site, make_study, person
from trials.actions import accounts
from trials.actions.errors import ReasonRequired, Refused, WrongState
from trials.audit.context import NotRecording
from trials.audit.recording import Act, recording
from trials.models import Assignment, AuditEvent, Role, Study, User, system_chain
from trials.roles import NotPermitted, Verb, may

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "another long pass-phrase"


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def administrator(study: Study) -> User:
    return person(Role.ADMINISTRATOR, study, username="administrator")


def faults(action: Callable[[], Any]) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as error:
        action()
    return error.value.message_dict


def may_log_in(username: str, password: str) -> bool:
    request = RequestFactory().post("/")
    return authenticate(request, username=username, password=password) is not None


def test_an_account_is_created_without_any_role_and_recorded(administrator: User) -> None:
    user = accounts.create_account(
        actor=administrator, username="li.na", password=PASSWORD, full_name="Synthetic person"
    )
    assert may_log_in("li.na", PASSWORD)
    assert not any(may(user, verb) for verb in Verb)
    event = AuditEvent.objects.order_by("-id").filter(chain__key="system").first()
    assert event is not None
    assert (event.action, event.actor, event.role) == ("create user", administrator, Role.ADMINISTRATOR)
    assert PASSWORD not in str(vars(event))


@pytest.mark.requirement("R32")
@pytest.mark.parametrize("again", ["li.na", "LI.NA", "Li.Na"])
def test_a_username_is_given_once_in_any_case(administrator: User, again: str) -> None:
    accounts.create_account(actor=administrator, username="li.na", password=PASSWORD)
    faults(lambda: accounts.create_account(actor=administrator, username=again, password=PASSWORD))
    assert User.objects.filter(username__iexact="li.na").count() == 1


@pytest.mark.requirement("R29")
def test_the_database_itself_refuses_a_username_in_another_case(administrator: User) -> None:
    UserFactory(username="li.na")
    twin = User(username="LI.NA", password="!")
    act = Act(administrator, Role.ADMINISTRATOR, "create user")
    with pytest.raises(IntegrityError), transaction.atomic(), recording(system_chain(), act, durable=False):
        twin.save()


def test_a_person_logs_in_with_the_username_in_any_case(administrator: User) -> None:
    accounts.create_account(actor=administrator, username="li.na", password=PASSWORD)
    assert may_log_in("LI.NA", PASSWORD)
    assert not may_log_in("LI.NA", "wrong pass-phrase")


@pytest.mark.parametrize("username", ["", "two words", "名字", "a" * 61, "-dash", "<b>"])
def test_a_username_of_other_characters_is_refused(administrator: User, username: str) -> None:
    said = faults(lambda: accounts.create_account(actor=administrator, username=username, password=PASSWORD))
    assert list(said) == ["username"]


@pytest.mark.parametrize("password", ["short", "password1234", "zhang.wei.2020"])
def test_a_password_that_is_short_common_or_like_the_username_is_refused(
    administrator: User, password: str
) -> None:
    said = faults(
        lambda: accounts.create_account(actor=administrator, username="zhang.wei.2020", password=password)
    )
    assert list(said) == ["password"]
    assert not User.objects.filter(username="zhang.wei.2020").exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_nobody_but_an_administrator_manages_accounts(study: Study, role: Role) -> None:
    other, user = person(role, study), UserFactory()
    attempts: list[Callable[[], Any]] = [
        lambda: accounts.create_account(actor=other, username="li.na", password=PASSWORD),
        lambda: accounts.assign(
            actor=other, user=other, study=study, role=Role.ADMINISTRATOR, valid_from=date(2020, 1, 1)
        ),
        lambda: accounts.deactivate(actor=other, user=user, reason="left"),
        lambda: accounts.reactivate(actor=other, user=user, reason="back"),
        lambda: accounts.set_password(actor=other, user=user, password=NEW_PASSWORD, reason="forgotten"),
    ]
    for attempt in attempts:
        with pytest.raises(NotPermitted):
            attempt()


def test_a_deactivated_person_cannot_log_in_and_stays_on_record(study: Study, administrator: User) -> None:
    coordinator = person(Role.COORDINATOR, study, username="li.na")
    closed = accounts.deactivate(actor=administrator, user=coordinator, reason="Left the hospital.")
    assert not closed.is_active
    assert not may_log_in("li.na", PASSWORD)
    assert not may(User.objects.get(username="li.na"), Verb.READ)
    assert Assignment.objects.filter(user=coordinator).count() == 1
    assert AuditEvent.objects.get(action="deactivate user").reason == "Left the hospital."
    faults(lambda: accounts.create_account(actor=administrator, username="LI.NA", password=PASSWORD))


def test_a_closed_account_is_opened_again_for_the_same_person(study: Study, administrator: User) -> None:
    user = person(Role.COORDINATOR, study, username="li.na")
    with pytest.raises(WrongState, match="open already"):
        accounts.reactivate(actor=administrator, user=user, reason="back")
    accounts.deactivate(actor=administrator, user=user, reason="leave")
    with pytest.raises(WrongState, match="closed already"):
        accounts.deactivate(actor=administrator, user=user, reason="leave")
    accounts.reactivate(actor=administrator, user=user, reason="back")
    assert may_log_in("li.na", PASSWORD)
    assert User.history.filter(id=user.pk).count() == 3


def test_an_account_is_never_deleted() -> None:
    user = UserFactory()
    with pytest.raises(NotRecording):
        user.delete()
    with pytest.raises(NotRecording):
        User.objects.filter(pk=user.pk).delete()


@pytest.mark.parametrize("reason", ["", "   "])
def test_closing_opening_and_resetting_need_a_reason(administrator: User, reason: str) -> None:
    user = UserFactory(username="li.na")
    for action in (accounts.deactivate, accounts.reactivate):
        with pytest.raises(ReasonRequired):
            action(actor=administrator, user=user, reason=reason)
    with pytest.raises(ReasonRequired):
        accounts.set_password(actor=administrator, user=user, password=NEW_PASSWORD, reason=reason)
    assert may_log_in("li.na", PASSWORD)


def test_a_password_is_changed_by_its_owner_or_an_administrator(administrator: User) -> None:
    user = UserFactory(username="li.na")
    accounts.set_password(actor=user, user=user, password=NEW_PASSWORD, reason="own wish")
    assert may_log_in("li.na", NEW_PASSWORD)
    accounts.set_password(actor=administrator, user=user, password=PASSWORD, reason="forgotten")
    assert may_log_in("li.na", PASSWORD)
    events = AuditEvent.objects.filter(action="set password").order_by("id")
    assert [(event.actor, event.role) for event in events] == [
        (user, "SELF"),
        (administrator, Role.ADMINISTRATOR),
    ]


def test_a_weak_new_password_leaves_the_old_one() -> None:
    user = UserFactory(username="li.na")
    said = faults(lambda: accounts.set_password(actor=user, user=user, password="short", reason="own wish"))
    assert list(said) == ["password"]
    assert may_log_in("li.na", PASSWORD)


def test_the_administrator_of_a_study_cannot_take_over_that_of_the_installation(administrator: User) -> None:
    superuser = UserFactory(username="root", is_superuser=True)
    with pytest.raises(NotPermitted):
        accounts.set_password(actor=administrator, user=superuser, password=NEW_PASSWORD, reason="why not")
    with pytest.raises(NotPermitted):
        accounts.deactivate(actor=administrator, user=superuser, reason="why not")
    accounts.set_password(actor=superuser, user=administrator, password=NEW_PASSWORD, reason="forgotten")
    assert may_log_in("administrator", NEW_PASSWORD)


def test_the_system_account_is_never_changed_and_never_logs_in(administrator: User, study: Study) -> None:
    system = User.objects.system_user()
    with pytest.raises(Refused, match="belongs to nobody"):
        accounts.set_password(actor=administrator, user=system, password=NEW_PASSWORD, reason="why not")
    with pytest.raises(Refused, match="belongs to nobody"):
        accounts.deactivate(actor=administrator, user=system, reason="why not")
    said = faults(
        lambda: accounts.assign(
            actor=administrator,
            user=system,
            study=study,
            role=Role.ADMINISTRATOR,
            valid_from=date(2020, 1, 1),
        )
    )
    assert list(said) == ["user"]
    assert not may_log_in("system", "")


def test_a_role_is_given_from_day_to_day_and_recorded_in_the_study(study: Study, administrator: User) -> None:
    user, site = UserFactory(username="li.na"), make_site(study)
    given = {"actor": administrator, "user": user, "study": study, "site": site, "role": Role.COORDINATOR}
    accounts.assign(**given, valid_from=date(2020, 1, 1), valid_to=date(2020, 12, 31))
    assert not may(User.objects.get(pk=user.pk), Verb.ENTER, site=site)
    accounts.assign(**given, valid_from=date(2021, 1, 1), trained_on=date(2021, 1, 1))
    assert may(User.objects.get(pk=user.pk), Verb.ENTER, site=site)
    events = AuditEvent.objects.filter(action="assign role", chain=study.chain)
    assert [event.actor for event in events] == [administrator, administrator]


def test_a_role_ends_after_its_last_day_with_a_reason_and_stays_on_record(
    study: Study, administrator: User
) -> None:
    user = person(Role.MONITOR, study)
    assignment = Assignment.objects.get(user=user)
    with pytest.raises(ReasonRequired):
        accounts.end_assignment(
            actor=administrator, assignment=assignment, last_day=date(2022, 1, 1), reason=""
        )
    accounts.end_assignment(
        actor=administrator, assignment=assignment, last_day=date(2022, 1, 1), reason="Another monitor."
    )
    assert not may(User.objects.get(pk=user.pk), Verb.READ)
    assert Assignment.history.filter(id=assignment.pk).count() == 2


@pytest.mark.requirement("R23")
def test_the_training_for_a_role_is_recorded_later_with_a_reason_and_then_the_role_writes(
    study: Study, administrator: User, client: Client
) -> None:
    user = assign(UserFactory(), Role.COORDINATOR, study, make_site(study), trained_on=None)
    assignment = Assignment.objects.get(user=user)
    assert not may(user, Verb.ENTER)
    client.force_login(administrator, backend="trials.authentication.RoleBackend")
    page = f"/admin/trials/assignment/{assignment.pk}/training/"
    assert client.post(page, {"trained_on": "2021-03-01", "change_reason": ""}).status_code != 302
    assert client.post(page, {"trained_on": "2999-01-01", "change_reason": "Course"}).status_code != 302
    assert not may(User.objects.get(pk=user.pk), Verb.ENTER)
    assert client.post(page, {"trained_on": "2021-03-01", "change_reason": "Course"}).status_code == 302
    assert may(User.objects.get(pk=user.pk), Verb.ENTER)
    with pytest.raises(NotPermitted):
        accounts.record_training(
            actor=user, assignment=assignment, trained_on=date(2021, 3, 1), reason="my own"
        )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"role": "EMPEROR"}, "role"),
        ({"valid_to": date(2019, 12, 31)}, "__all__"),
    ],
)
def test_an_assignment_that_makes_no_sense_is_refused_by_field(
    study: Study, administrator: User, values: dict[str, Any], field: str
) -> None:
    wanted = {
        "actor": administrator,
        "user": UserFactory(),
        "study": study,
        "role": Role.MONITOR,
        "valid_from": date(2020, 1, 1),
    } | values
    assert list(faults(lambda: accounts.assign(**wanted))) == [field]


def test_a_role_at_a_site_of_another_study_is_refused(study: Study, administrator: User) -> None:
    elsewhere = make_site(make_study("OTHER"))
    wanted = {"actor": administrator, "user": UserFactory(), "study": study, "site": elsewhere}
    said = faults(lambda: accounts.assign(**wanted, role=Role.MONITOR, valid_from=date(2020, 1, 1)))
    assert list(said) == ["site"]


def test_a_closed_account_is_given_no_role(study: Study, administrator: User) -> None:
    user = UserFactory()
    accounts.deactivate(actor=administrator, user=user, reason="left")
    user.refresh_from_db()
    said = faults(
        lambda: accounts.assign(
            actor=administrator, user=user, study=study, role=Role.MONITOR, valid_from=date(2020, 1, 1)
        )
    )
    assert list(said) == ["user"]


def test_the_administrator_of_one_study_gives_no_role_in_another(administrator: User) -> None:
    other = make_study("OTHER")
    with pytest.raises(NotPermitted):
        accounts.assign(
            actor=administrator,
            user=administrator,
            study=other,
            role=Role.MONITOR,
            valid_from=date(2020, 1, 1),
        )


@pytest.mark.requirement("R39")
def test_nobody_gives_a_role_to_the_own_account(administrator: User, study: Study) -> None:
    said = faults(
        lambda: accounts.assign(
            actor=administrator,
            user=administrator,
            study=study,
            role=Role.INVESTIGATOR,
            valid_from=date(2020, 1, 1),
            trained_on=date(2020, 1, 1),
        )
    )
    assert said == {"user": ["is your own account: another administrator gives you a role"]}
    assert not may(User.objects.get(pk=administrator.pk), Verb.SIGN)


@pytest.mark.requirement("R39")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Role.RANDOMIZATION_KEEPER, Role.COORDINATOR),
        (Role.INVESTIGATOR, Role.RANDOMIZATION_KEEPER),
    ],
)
def test_who_keeps_the_randomization_list_does_not_randomize_at_the_same_time(
    first: Role, second: Role, administrator: User, study: Study
) -> None:
    given = {"actor": administrator, "user": UserFactory(), "study": study}
    accounts.assign(**given, role=first, valid_from=date(2020, 1, 1), valid_to=date(2020, 12, 31))
    said = faults(lambda: accounts.assign(**given, role=second, valid_from=date(2020, 12, 31)))
    assert list(said) == ["role"]
    assert accounts.assign(**given, role=second, valid_from=date(2021, 1, 1)).pk


@pytest.mark.requirement("R39")
def test_the_end_of_a_role_is_never_put_off(administrator: User, study: Study) -> None:
    given = {"actor": administrator, "user": UserFactory(), "study": study, "role": Role.MONITOR}
    held = accounts.assign(**given, valid_from=date(2020, 1, 1), valid_to=date(2020, 12, 31))
    ending = {"actor": administrator, "assignment": held, "reason": "a mistake"}
    assert list(faults(lambda: accounts.end_assignment(**ending, last_day=date(2030, 1, 1)))) == ["valid_to"]
    assert accounts.end_assignment(**ending, last_day=date(2020, 6, 30)).valid_to == date(2020, 6, 30)
