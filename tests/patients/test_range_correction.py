"""A reference range is corrected once; every flag that rests on it follows, in its own casebook."""

from decimal import Decimal
from typing import Any

import pytest

from patients.actions.correct_range import correct_range
from patients.actions.enroll import enroll
from patients.actions.save_form import change_form, create_form
from patients.models import LabResult, LabSample, Query, QueryState, Subject
from tests.factories import CONSENT_DAY, coordinator_of, make_site, make_study, opened, person
from tests.patients.conftest import events_of_casebook
from tests.together import together
from trials.actions.errors import ReasonRequired, Refused, Stale
from trials.models import AuditEvent, ReferenceRange, Role, Site, Study, User
from trials.roles import NotPermitted


@pytest.fixture
def data_manager(study: Study) -> User:
    return person(Role.DATA_MANAGER, study)


@pytest.fixture
def alt(site: Site) -> ReferenceRange:
    return ReferenceRange.objects.get(test__code="ALT", laboratory__site=site)


def entered(actor: User, site: Site, value: str) -> Subject:
    """A subject with one ALT result of this value."""
    subject = enroll(actor=actor, site=site, screened_on=CONSENT_DAY)
    visit = opened(actor, subject, "SCR", CONSENT_DAY)
    create_form(
        actor=actor,
        form=LabSample,
        subject=subject,
        visit=visit,
        data={"collected_on": "2021-03-01", "laboratory": f"{site.code}-LAB"},
        rows={"results": [{"test": "ALT", "value": value, "unit": "U/L"}]},
    )
    return subject


def flags() -> dict[str, str | None]:
    found = LabResult.objects.values_list("parent__subject__code", "flag")
    return dict(found.order_by("parent__subject__code"))


@pytest.fixture
def three(coordinator: User, site: Site) -> list[Subject]:
    """40, 45 and 60 U/L where 50 is the upper limit."""
    return [entered(coordinator, site, value) for value in ("40", "45", "60")]


def test_a_correction_flags_anew_what_it_changes_and_tells_what_was_before(
    data_manager: User, alt: ReferenceRange, three: list[Subject]
) -> None:
    changed = correct_range(
        actor=data_manager, reference_range=alt, version=1, changes={"high": "42"}, reason="sheet misread"
    )
    assert flags() == {"ZS-001": "NORMAL", "ZS-002": "HIGH", "ZS-003": "HIGH"}
    told = {each.subject_code: (each.flag_before, each.flag_after, each.high_before) for each in changed}
    assert told["ZS-002"] == ("NORMAL", "HIGH", Decimal(50))
    assert len(told) == 3  # the limit beside the result changes in all of them
    assert set(LabResult.objects.values_list("range_high", flat=True)) == {Decimal(42)}


def test_each_casebook_and_the_study_get_one_event_with_the_same_reason(
    data_manager: User, alt: ReferenceRange, three: list[Subject], study: Study
) -> None:
    before = AuditEvent.objects.count()
    correct_range(
        actor=data_manager, reference_range=alt, version=1, changes={"high": "42"}, reason="sheet misread"
    )
    new = AuditEvent.objects.filter(action="correct reference range")
    assert AuditEvent.objects.count() == before + 4
    assert {event.chain_id for event in new} == {study.chain_id, *(subject.chain_id for subject in three)}
    assert {event.reason for event in new} == {"sheet misread"}


def test_a_casebook_that_nothing_changes_in_gets_no_event(
    data_manager: User, alt: ReferenceRange, three: list[Subject], coordinator: User, site: Site
) -> None:
    bystander = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    before = len(events_of_casebook(bystander))
    correct_range(actor=data_manager, reference_range=alt, version=1, changes={"high": "42"}, reason="x")
    assert len(events_of_casebook(bystander)) == before


def test_the_impact_can_be_looked_at_and_nothing_of_it_stays(
    data_manager: User, alt: ReferenceRange, three: list[Subject]
) -> None:
    events, history = AuditEvent.objects.count(), LabResult.history.count()
    shown = correct_range(
        actor=data_manager, reference_range=alt, version=1, changes={"high": "42"}, dry_run=True
    )
    assert [(each.subject_code, each.flag_after) for each in shown] == [
        ("ZS-001", "NORMAL"),
        ("ZS-002", "HIGH"),
        ("ZS-003", "HIGH"),
    ]
    assert flags() == {"ZS-001": "NORMAL", "ZS-002": "NORMAL", "ZS-003": "HIGH"}
    alt.refresh_from_db()
    assert (alt.high, alt.version) == (50, 1)
    assert (AuditEvent.objects.count(), LabResult.history.count()) == (events, history)


def test_queries_follow_the_flags(data_manager: User, alt: ReferenceRange, three: list[Subject]) -> None:
    def asked() -> set[str]:
        open_now = Query.objects.filter(check_id="EC09", state=QueryState.OPEN)
        return set(open_now.values_list("subject__code", flat=True))

    assert asked() == {"ZS-003"}
    correct_range(actor=data_manager, reference_range=alt, version=1, changes={"high": "42"}, reason="x")
    assert asked() == {"ZS-002", "ZS-003"}
    correct_range(actor=data_manager, reference_range=alt, version=2, changes={"high": "60"}, reason="x")
    assert asked() == set()


def test_a_range_that_ends_earlier_leaves_later_results_without_flag(
    data_manager: User, alt: ReferenceRange, three: list[Subject]
) -> None:
    correct_range(
        actor=data_manager, reference_range=alt, version=1, changes={"valid_to": "2021-02-28"}, reason="x"
    )
    assert set(flags().values()) == {None}


def test_a_corrected_sample_raises_its_version_so_that_a_stale_save_is_told(
    coordinator: User, data_manager: User, alt: ReferenceRange, three: list[Subject]
) -> None:
    sample = LabSample.objects.get(subject=three[0])
    correct_range(actor=data_manager, reference_range=alt, version=1, changes={"high": "42"}, reason="x")
    with pytest.raises(Stale):
        change_form(actor=coordinator, record=sample, version=1, reason="x", data={"panel": "CHEMISTRY"})


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_correction_needs_a_reason(data_manager: User, alt: ReferenceRange, reason: Any) -> None:
    with pytest.raises(ReasonRequired):
        correct_range(
            actor=data_manager, reference_range=alt, version=1, changes={"high": "42"}, reason=reason
        )


def test_a_stale_version_is_refused(data_manager: User, alt: ReferenceRange) -> None:
    with pytest.raises(Stale):
        correct_range(actor=data_manager, reference_range=alt, version=7, changes={"high": "42"}, reason="x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("low", "abc"),
        ("low", "NaN"),
        ("low", "1e400"),
        ("low", 10**400),
        ("low", True),
        ("low", "1_0"),
        ("low", []),
        ("low", {}),
        ("high", "0.00001"),
        ("valid_from", 20210301),
        ("valid_from", 1.5),
        ("valid_from", "2021-02-30"),
        ("valid_from", ""),
        ("valid_from", None),
        ("valid_from", []),
        ("valid_to", "9999-12-31"),
        ("age_from", -1),
        ("age_from", 10**30),
        ("age_from", "18.5"),
        ("age_to", True),
        ("sex", "X"),
        ("sex", 5),
        ("sex", ["F"]),
        ("unit", "mg"),
        ("laboratory", 1),
        ("id", 1),
        ("version", 9),
        ("\ud800", 1),
    ],
)
def test_a_change_that_no_range_can_take_is_refused_by_name(
    data_manager: User, alt: ReferenceRange, name: str, value: Any
) -> None:
    with pytest.raises(Refused) as refusal:
        correct_range(actor=data_manager, reference_range=alt, version=1, changes={name: value}, reason="x")
    assert list(refusal.value.errors) == [name.replace("\ud800", "?")]
    assert ReferenceRange.objects.get(pk=alt.pk).version == 1


@pytest.mark.parametrize(
    "changes",
    [{"low": "60"}, {"low": None, "high": None}, {"valid_to": "2018-12-31"}, {"age_from": 90, "age_to": 80}],
)
def test_a_range_that_contradicts_itself_is_refused(
    data_manager: User, alt: ReferenceRange, changes: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        correct_range(actor=data_manager, reference_range=alt, version=1, changes=changes, reason="x")


@pytest.mark.parametrize("changes", [None, [], "high", 5])
def test_changes_that_are_no_object_are_refused(
    data_manager: User, alt: ReferenceRange, changes: Any
) -> None:
    with pytest.raises(Refused):
        correct_range(actor=data_manager, reference_range=alt, version=1, changes=changes, reason="x")


def test_who_manages_data_at_one_site_only_corrects_no_range(
    study: Study, site: Site, alt: ReferenceRange, coordinator: User
) -> None:
    for actor in (coordinator, person(Role.DATA_MANAGER, study, site)):
        with pytest.raises(NotPermitted):
            correct_range(actor=actor, reference_range=alt, version=1, changes={"high": "42"}, reason="x")


@pytest.mark.django_db(transaction=True)
def test_results_entered_while_a_range_is_corrected_never_keep_the_old_one() -> None:
    study = make_study()
    site = make_site(study)
    actor, manager = coordinator_of(site), person(Role.DATA_MANAGER, study)
    alt = ReferenceRange.objects.get(test__code="ALT", laboratory__site=site)
    subjects = [entered(actor, site, "40") for _ in range(4)]

    def one_more(subject: Subject) -> None:
        create_form(
            actor=actor,
            form=LabSample,
            subject=subject,
            visit=subject.visits.get(code="SCR"),
            data={"collected_on": "2021-03-01", "laboratory": "ZS-LAB"},
            rows={"results": [{"test": "ALT", "value": "45", "unit": "U/L"}]},
        )

    outcomes = together(
        *[lambda subject=subject: one_more(subject) for subject in subjects],
        lambda: correct_range(
            actor=manager, reference_range=alt, version=1, changes={"high": "42"}, reason="sheet misread"
        ),
    )
    assert not [each for each in outcomes if isinstance(each, Exception)]
    assert set(LabResult.objects.values_list("range_high", flat=True)) == {Decimal(42)}
    assert set(LabResult.objects.filter(value="45").values_list("flag", flat=True)) == {"HIGH"}
