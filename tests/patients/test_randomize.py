"""Randomization: the next free slot, once, for ever; in the order of commit, without gap."""

from typing import Any

import pytest
from django.test import override_settings

from patients.actions.enroll import enroll
from patients.actions.randomize import randomize
from patients.actions.save_form import change_form, create_form, mark_entered_in_error
from patients.models import (
    Allocation,
    Disposition,
    EligibilityAssessment,
    InformedConsent,
    Subject,
    SubjectStatus,
    Visit,
)
from tests.factories import (
    CONSENT_DAY,
    coordinator_of,
    make_list,
    make_site,
    make_study,
    person,
    save,
    screened_subject,
)
from tests.patients.conftest import events_of_casebook
from tests.together import together
from trials.actions.errors import AlreadyRandomized, ListExhausted, NotEligible, WrongState
from trials.models import (
    AtomicCriterion,
    AuditEvent,
    RandomizationList,
    RandomizationSlot,
    Role,
    Site,
    Study,
    User,
)
from trials.roles import NotPermitted


@pytest.fixture
def screened(coordinator: User, site: Site) -> Subject:
    """Consented and eligible."""
    return screened_subject(coordinator, site)


def unmet(actor: User, subject: Subject) -> dict[str, Any]:
    with pytest.raises(NotEligible) as refusal:
        randomize(actor=actor, subject=subject)
    assert not Allocation.objects.filter(subject=subject).exists()
    return refusal.value.errors


def answer(actor: User, subject: Subject, code: str, given: str | None) -> None:
    form = EligibilityAssessment.objects.get(subject=subject)
    row = form.answers.get(rule__code=code)
    rows = {"answers": [{"repeat": row.repeat, "answer": given}]}
    change_form(actor=actor, record=form, version=form.version, reason="looked again", data={}, rows=rows)


def test_slots_are_given_in_the_order_of_the_list(coordinator: User, site: Site, study: Study) -> None:
    make_list(study, "ABBA")
    arms = [
        randomize(actor=coordinator, subject=screened_subject(coordinator, site)).arm.code for _ in range(4)
    ]
    assert arms == ["A", "B", "B", "A"]


def test_an_allocation_is_one_act_that_plans_the_first_cycle(
    coordinator: User, study: Study, screened: Subject
) -> None:
    make_list(study, "B")
    allocation = randomize(actor=coordinator, subject=screened)
    event = events_of_casebook(screened)[-1]
    screened.refresh_from_db()
    assert screened.status == SubjectStatus.RANDOMIZED
    assert (event.action, event.reason) == ("randomize", "")
    # Allocation, subject, cycle, day 1, day 8, imaging.
    assert event.rows == 6
    assert allocation.randomized_at <= event.recorded_at
    assert "B" not in f"{event.action} {event.note} {event.reason}".split()


def test_the_second_list_continues_where_the_first_ends(coordinator: User, site: Site, study: Study) -> None:
    make_list(study, "A", "list 1")
    make_list(study, "B", "list 2")
    given = [
        randomize(actor=coordinator, subject=screened_subject(coordinator, site)).slot.list.name
        for _ in range(2)
    ]
    assert given == ["list 1", "list 2"]


@pytest.mark.parametrize("arms", ["", "A"])
def test_an_exhausted_list_borrows_from_nowhere(
    coordinator: User, site: Site, study: Study, arms: str
) -> None:
    other = make_study("TEST-2")
    make_list(other, "AAAA")
    make_list(study, arms)
    for _ in arms:
        randomize(actor=coordinator, subject=screened_subject(coordinator, site))
    last = screened_subject(coordinator, site)
    before = len(events_of_casebook(last))
    with pytest.raises(ListExhausted):
        randomize(actor=coordinator, subject=last)
    last.refresh_from_db()
    assert last.status == SubjectStatus.SCREENING
    assert len(events_of_casebook(last)) == before


@pytest.mark.requirement("R43")
def test_a_subject_is_never_randomized_twice(coordinator: User, study: Study, screened: Subject) -> None:
    make_list(study, "AB")
    first = randomize(actor=coordinator, subject=screened)
    with pytest.raises(AlreadyRandomized):
        randomize(actor=coordinator, subject=screened)
    assert Allocation.objects.get(subject=screened).slot == first.slot


def test_a_subject_who_is_not_eligible_is_told_every_criterion(
    coordinator: User, study: Study, screened: Subject
) -> None:
    make_list(study, "AB")
    answer(coordinator, screened, "I3", "N")
    answer(coordinator, screened, "E1", "Y")
    errors = unmet(coordinator, screened)
    assert list(errors) == ["I3", "E1"]
    assert "not met" in errors["I3"][0]
    assert "ECOG 0 or 1?" in errors["I3"][0]


def test_a_criterion_without_an_answer_cannot_be_determined(
    coordinator: User, study: Study, screened: Subject
) -> None:
    make_list(study, "AB")
    answer(coordinator, screened, "I3", None)
    assert "cannot be determined" in unmet(coordinator, screened)["I3"][0]


def test_an_answer_that_was_voided_counts_no_more(coordinator: User, study: Study, screened: Subject) -> None:
    make_list(study, "AB")
    form = EligibilityAssessment.objects.get(subject=screened)
    rows = {"answers": [{"repeat": 1, "entered_in_error": True}]}
    change_form(actor=coordinator, record=form, version=1, reason="wrong line", data={}, rows=rows)
    assert list(unmet(coordinator, screened)) == ["I1"]


def test_not_applicable_is_an_answer_only_where_the_protocol_allows_it(
    coordinator: User, study: Study, screened: Subject
) -> None:
    make_list(study, "AB")
    answer(coordinator, screened, "I3", "NA")
    assert list(unmet(coordinator, screened)) == ["I3"]
    rule = AtomicCriterion.objects.get(study=study, code="I3")
    rule.may_be_not_applicable = True
    save(study.chain, rule)
    assert randomize(actor=coordinator, subject=screened)


def test_without_consent_nobody_is_randomized(coordinator: User, study: Study, screened: Subject) -> None:
    make_list(study, "AB")
    consent = InformedConsent.objects.get(subject=screened)
    mark_entered_in_error(actor=coordinator, record=consent, version=1, reason="of another person")
    assert list(unmet(coordinator, screened)) == ["CONSENT"]


def test_a_consent_that_was_refused_is_no_consent(coordinator: User, study: Study, screened: Subject) -> None:
    make_list(study, "AB")
    consent = InformedConsent.objects.get(subject=screened)
    change_form(actor=coordinator, record=consent, version=1, reason="did not sign", data={"consented": "N"})
    assert list(unmet(coordinator, screened)) == ["CONSENT"]


def test_without_the_eligibility_form_every_criterion_is_open(
    coordinator: User, study: Study, subject: Subject, consent: InformedConsent
) -> None:
    make_list(study, "AB")
    assert list(unmet(coordinator, subject)) == ["IE", "I1", "I3", "E1"]


def test_an_eligibility_form_that_was_not_done_decides_nothing(
    coordinator: User, study: Study, subject: Subject, consent: InformedConsent
) -> None:
    make_list(study, "AB")
    create_form(
        actor=coordinator,
        form=EligibilityAssessment,
        subject=subject,
        data={"assessed_on": "2021-03-01"},
        not_done_reason="lost",
    )
    assert "IE" in unmet(coordinator, subject)


def test_a_screening_failure_is_not_randomized(coordinator: User, study: Study, screened: Subject) -> None:
    make_list(study, "AB")
    data = {"scope": "SCREENING", "ended_on": "2021-03-05", "reason": "SCREEN FAILURE"}
    create_form(actor=coordinator, form=Disposition, subject=screened, data=data)
    with pytest.raises(WrongState, match="Screen failure"):
        randomize(actor=coordinator, subject=screened)


def test_a_person_who_was_screened_again_is_not_randomized_under_the_earlier_code_too(
    coordinator: User, site: Site, study: Study, screened: Subject
) -> None:
    make_list(study, "AB")
    data = {"scope": "SCREENING", "ended_on": "2021-03-05", "reason": "SCREEN FAILURE"}
    failure = create_form(actor=coordinator, form=Disposition, subject=screened, data=data)
    enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY, previous=screened)
    mark_entered_in_error(actor=coordinator, record=failure, version=1, reason="other subject")
    with pytest.raises(WrongState, match="screened again"):
        randomize(actor=coordinator, subject=screened)
    assert not Allocation.objects.exists()


def test_a_demonstration_list_is_refused_outside_demo_settings(
    coordinator: User, study: Study, screened: Subject
) -> None:
    made = make_list(study, "AB")
    made.is_demo = True
    save(study.chain, made)
    with override_settings(DEMO=False), pytest.raises(WrongState, match="demonstration"):
        randomize(actor=coordinator, subject=screened)
    with override_settings(DEMO=True):
        assert randomize(actor=coordinator, subject=screened)


@pytest.mark.parametrize(
    "role",
    [Role.MONITOR, Role.DATA_MANAGER, Role.RANDOMIZATION_KEEPER, Role.ADMINISTRATOR, Role.STATISTICIAN],
)
def test_only_who_treats_the_subject_randomizes(study: Study, screened: Subject, role: Role) -> None:
    make_list(study, "AB")
    with pytest.raises(NotPermitted):
        randomize(actor=person(role, study), subject=screened)


def test_a_slot_is_used_by_one_allocation_in_the_database_too(
    coordinator: User, site: Site, study: Study, screened: Subject
) -> None:
    slot = Allocation._meta.get_field("slot")
    subject = Allocation._meta.get_field("subject")
    assert slot.unique
    assert subject.unique


@pytest.mark.django_db(transaction=True)
def test_one_subject_randomized_from_four_places_at_once_gets_one_slot() -> None:
    study = make_study()
    site = make_site(study)
    actor = coordinator_of(site)
    make_list(study, "ABAB")
    subject = screened_subject(actor, site)
    made = together(*[lambda: randomize(actor=actor, subject=subject) for _ in range(4)])
    assert sorted(type(each).__name__ for each in made) == ["Allocation", *["AlreadyRandomized"] * 3]
    assert Allocation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_subjects_randomized_at_once_get_the_forty_slots_in_order_of_commit_without_gap() -> None:
    study = make_study()
    site = make_site(study)
    actor = coordinator_of(site)
    make_list(study, "ABBA" * 5, "list 1")
    make_list(study, "BAAB" * 5, "list 2")
    subjects = [screened_subject(actor, site) for _ in range(50)]

    made = together(
        *[lambda subject=subject: randomize(actor=actor, subject=subject) for subject in subjects]
    )

    kinds = sorted(type(each).__name__ for each in made)
    assert kinds == ["Allocation"] * 40 + ["ListExhausted"] * 10
    in_order = list(Allocation.objects.select_related("slot__list", "arm").order_by("id"))
    places = [(each.slot.list.order, each.slot.number) for each in in_order]
    assert places == [(order, number) for order in (1, 2) for number in range(1, 21)]
    assert [each.arm.code for each in in_order] == list("ABBA" * 5 + "BAAB" * 5)
    assert all(each.arm_id == each.slot.arm_id for each in in_order)
    assert Subject.objects.filter(status=SubjectStatus.RANDOMIZED).count() == 40
    assert AuditEvent.objects.filter(action="randomize").count() == 40
    refused = Subject.objects.filter(status=SubjectStatus.SCREENING)
    assert refused.count() == 10
    assert not Visit.objects.filter(subject__in=refused, cycle__isnull=False).exists()
    assert RandomizationSlot.objects.filter(allocation__isnull=True).count() == 0
    assert RandomizationList.objects.count() == 2
