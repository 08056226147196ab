"""Checks of visits: window, order, what is overdue or missed, and the forms that are still missing."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from patients.actions.deviations import WITHDRAWN
from patients.actions.queries import accept_reason, run_checks
from patients.actions.visits import miss_visit, open_cycle, open_visit
from patients.models import (
    Death,
    EcogAssessment,
    PhysicalExamination,
    ProtocolDeviation,
    Query,
    QueryState,
    Subject,
    Visit,
    VitalSigns,
)
from tests.factories import person
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import correct
from tests.patients.dosing.conftest import in_a, in_b, ward
from tests.patients.dosing.ward import FIRST, Ward, day
from trials.audit import clock
from trials.models import Role

__all__ = ["in_a", "in_b", "ward"]
pytestmark = pytest.mark.usefixtures("registered_once")
CHECKS_TESTED_HERE = {"EC37c", *(f"EC38{letter}" for letter in "abcdefg")}


def visit(ward: Ward, code: str) -> Visit:
    return Visit.objects.select_related("subject__site", "definition", "cycle").get(
        subject=ward.subject, code=code
    )


def run_on(ward: Ward, later: int) -> None:
    """All checks of the casebook, on a day counted from the first day of treatment."""
    manager = person(Role.DATA_MANAGER, ward.study)
    subject = Subject.objects.select_related("study", "site", "chain").get(pk=ward.subject.pk)
    with clock.simulated(datetime.combine(day(later), time(4), UTC)):
        run_checks(actor=manager, subjects=[subject])


def message(record: Any, check: str) -> str:
    return Query.objects.get(form="SV", record_id=record.pk, check_id=check, state=QueryState.OPEN).message


def drafts(rule: str) -> list[tuple[str, str | None]]:
    found = ProtocolDeviation.objects.filter(rule=rule, status="DRAFT")
    return [(each.category, each.occurred_on) for each in found]


# ---------------------------------------------------------------- window
@pytest.mark.parametrize(("later", "asks"), [(4, 1), (5, 0), (9, 0), (10, 1)])
def test_a_visit_outside_its_window_is_questioned_and_drafts_a_deviation(
    later: int, asks: int, in_b: Ward
) -> None:
    in_b.visit_on("C1D1", 0)
    eighth = in_b.visit_on("C1D8", later)
    assert fields_asked(eighth, "EC38a") == ({"occurred_on"} if asks else set())
    assert drafts("EC38a") == [("VISIT WINDOW", day(later).isoformat())] * asks


def test_a_corrected_day_closes_the_question_and_withdraws_the_draft(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    eighth = in_b.visit_on("C1D8", 12)
    assert "3 days after its window" in message(eighth, "EC38a")
    eighth = visit(in_b, "C1D8")
    open_visit(
        actor=in_b.coordinator, visit=eighth, occurred_on=day(7), version=eighth.version, reason="misread"
    )
    assert asked(eighth, "EC38a") == 0
    assert drafts("EC38a") == []


def moved(ward: Ward, later: int) -> None:
    """The eighth day of the first cycle, corrected to another day."""
    eighth = visit(ward, "C1D8")
    open_visit(
        actor=ward.coordinator, visit=eighth, occurred_on=day(later), version=eighth.version, reason="misread"
    )


def test_a_withdrawn_draft_is_a_draft_again_when_its_ground_returns(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    in_b.visit_on("C1D8", 12)
    moved(in_b, 7)
    [withdrawn] = ProtocolDeviation.objects.filter(rule="EC38a")
    assert (withdrawn.status, withdrawn.rejected_reason) == ("REJECTED", WITHDRAWN)
    moved(in_b, 13)
    [draft] = ProtocolDeviation.objects.filter(rule="EC38a")
    assert (draft.pk, draft.status, draft.rejected_reason) == (withdrawn.pk, "DRAFT", None)
    assert draft.description == message(visit(in_b, "C1D8"), "EC38a")
    assert draft.occurred_on == day(13).isoformat()


def test_what_a_person_rejected_stays_rejected_when_its_ground_returns(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    in_b.visit_on("C1D8", 12)
    [draft] = ProtocolDeviation.objects.filter(rule="EC38a")
    correct(in_b.coordinator, draft, status="REJECTED", rejected_reason="agreed with the sponsor")
    moved(in_b, 7)
    moved(in_b, 12)
    [decided] = ProtocolDeviation.objects.filter(rule="EC38a")
    assert (decided.status, decided.rejected_reason) == ("REJECTED", "agreed with the sponsor")


def test_a_draft_follows_its_day_until_a_person_words_it_anew(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    in_b.visit_on("C1D8", 12)
    moved(in_b, 13)
    assert drafts("EC38a") == [("VISIT WINDOW", day(13).isoformat())]
    [draft] = ProtocolDeviation.objects.filter(rule="EC38a")
    correct(in_b.coordinator, draft, description="A holiday of the ward")
    moved(in_b, 14)
    assert drafts("EC38a") == [("VISIT WINDOW", day(13).isoformat())]


def test_a_draft_stays_when_an_accepted_question_is_asked_anew(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    eighth = in_b.visit_on("C1D8", 12)
    query = Query.objects.get(form="SV", record_id=eighth.pk, check_id="EC38a")
    accept_reason(actor=person(Role.DATA_MANAGER, in_b.study), query=query, reason="a holiday")
    moved(in_b, 13)
    assert asked(visit(in_b, "C1D8"), "EC38a") == 1
    assert drafts("EC38a") == [("VISIT WINDOW", day(13).isoformat())]


def test_a_question_about_a_visit_is_settled_with_a_reason_and_not_asked_again(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    eighth = in_b.visit_on("C1D8", 10)
    query = Query.objects.get(form="SV", record_id=eighth.pk, check_id="EC38a")
    accept_reason(actor=person(Role.DATA_MANAGER, in_b.study), query=query, reason="a public holiday")
    run_on(in_b, 11)
    states = Query.objects.filter(record_id=eighth.pk, check_id="EC38a").values_list("state", flat=True)
    assert list(states) == [QueryState.ACCEPTED]


def test_an_unscheduled_visit_has_no_window(in_a: Ward) -> None:
    assert asked(in_a.unscheduled(3), "EC38a") == 0


# ---------------------------------------------------------------- order
def test_a_visit_before_the_one_that_the_schedule_places_before_it_is_questioned(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    eighth = in_b.visit_on("C1D8", 20)
    second = in_b.cycle(2, 19)
    assert (asked(eighth, "EC38b"), asked(second, "EC38b")) == (0, 1)
    assert "C1D8, which comes before it" in message(second, "EC38b")
    eighth = visit(in_b, "C1D8")
    open_visit(
        actor=in_b.coordinator, visit=eighth, occurred_on=day(7), version=eighth.version, reason="misread"
    )
    assert asked(second, "EC38b") == 0


def test_two_visits_of_the_cycles_on_one_day_are_questioned(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    in_b.visit_on("C1D8", 20)
    assert asked(in_b.cycle(2, 20), "EC38b") == 1


def test_screening_comes_before_treatment_or_on_the_same_day(in_a: Ward) -> None:
    screening = in_a.screening
    first = in_a.visit_on("C1D1", 0)
    assert asked(first, "EC38b") == 0
    for later, asks in ((1, 1), (0, 0)):
        screening = visit(in_a, "SCR")
        open_visit(
            actor=in_a.coordinator,
            visit=screening,
            occurred_on=FIRST + timedelta(days=later),
            version=screening.version,
            reason="misread",
        )
        assert asked(first, "EC38b") == asks


def test_imaging_has_a_calendar_of_its_own_beside_the_cycles(in_a: Ward) -> None:
    in_a.visit_on("C1D1", 0)
    in_a.cycle(2, 21)
    imaging = in_a.visit_on("IMG1", 21)
    third = in_a.cycle(3, 42)
    assert (asked(imaging, "EC38b"), asked(third, "EC38b")) == (0, 0)


def test_an_unscheduled_visit_on_the_day_of_another_is_asked_whether_it_is_one_of_its_own(in_a: Ward) -> None:
    own, first, second = in_a.unscheduled(3), in_a.unscheduled(5), in_a.unscheduled(5)
    assert [asked(each, "EC38c") for each in (own, first, second)] == [0, 0, 1]
    in_a.visit_on("C1D1", 3)
    assert asked(own, "EC38c") == 1


# ---------------------------------------------------------------- overdue and missed
@pytest.mark.parametrize(("later", "asks"), [(3, 0), (4, 1)])
def test_a_visit_is_overdue_when_its_window_has_closed(later: int, asks: int, in_a: Ward) -> None:
    run_on(in_a, later)
    assert asked(visit(in_a, "C1D1"), "EC38d") == asks


def test_an_overdue_visit_is_asked_for_by_the_command_and_answered_by_the_visit(in_a: Ward) -> None:
    in_a.weigh(60, "60")
    assert asked(visit(in_a, "C1D1"), "EC38d") == 0
    run_on(in_a, 60)
    first = visit(in_a, "C1D1")
    assert asked(first, "EC38d") == 1
    in_a.visit_on("C1D1", 0)
    assert asked(first, "EC38d") == 0


def test_the_same_visit_overdue_for_longer_is_the_same_question(in_a: Ward) -> None:
    run_on(in_a, 60)
    words = message(visit(in_a, "C1D1"), "EC38d")
    run_on(in_a, 70)
    queries = Query.objects.filter(check_id="EC38d", record_id=visit(in_a, "C1D1").pk)
    assert [query.message for query in queries] == [words]


def test_a_visit_that_is_no_longer_due_is_not_overdue(in_a: Ward) -> None:
    run_on(in_a, 60)
    died = {"died_on": day(0).isoformat(), "cause": "UNKNOWN"}
    in_a.enter(Death, in_a.subject, died)
    assert asked(visit(in_a, "C1D1"), "EC38d") == 0


def test_an_overdue_survival_contact_is_asked_for_as_such(in_a: Ward) -> None:
    in_a.infuse("TORIPALIMAB", 0, "240", visit=in_a.visit_on("C1D1", 0))
    for drug in ("TORIPALIMAB", "LENVATINIB"):
        in_a.ends(drug, 10)
    for later, asks in ((104, 0), (105, 1)):
        run_on(in_a, later)
        contact = visit(in_a, "SURV1")
        assert (asked(contact, "EC37c"), asked(contact, "EC38d")) == (asks, 0)


def test_a_missed_visit_is_questioned_and_drafts_a_deviation_on_the_last_day_of_its_window(
    in_b: Ward,
) -> None:
    in_b.visit_on("C1D1", 0)
    eighth = visit(in_b, "C1D8")
    miss_visit(actor=in_b.coordinator, visit=eighth, why="did not come", version=eighth.version)
    assert "did not come" in message(eighth, "EC38e")
    assert drafts("EC38e") == [("VISIT WINDOW", day(9).isoformat())]


def test_a_day_8_whose_dose_was_left_out_for_a_reason_is_no_missed_visit(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    eighth = visit(in_b, "C1D8")
    in_b.infuse("GEMCITABINE", 7, "0", visit=eighth, given="N", difference="LABORATORY")
    miss_visit(actor=in_b.coordinator, visit=eighth, why="low counts", version=eighth.version)
    assert asked(eighth, "EC38e") == 0


# ---------------------------------------------------------------- forms
def test_forms_that_are_missing_a_week_after_a_visit_are_asked_for_in_one_question(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    eighth = in_b.visit_on("C1D8", 7)
    in_b.enter(VitalSigns, in_b.subject, {"measured_on": day(7).isoformat(), "weight": "60"}, visit=eighth)
    assert asked(eighth, "EC38f") == 0
    run_on(in_b, 14)
    assert asked(eighth, "EC38f") == 0
    run_on(in_b, 15)
    words = message(eighth, "EC38f")
    assert "Laboratory sample (hematology)" in words
    assert "Dose administration" in words
    assert "Vital signs" not in words


def test_a_form_that_is_entered_changes_the_question_and_the_last_one_closes_it(in_a: Ward) -> None:
    imaging = in_a.visit_on("IMG1", 42)
    run_on(in_a, 60)
    assert asked(imaging, "EC38f") == 1
    first = in_a.visit_on("C1D1", 0)
    run_on(in_a, 60)
    before = message(first, "EC38f")
    today = {"assessed_on": day(0).isoformat(), "grade": "1"}
    in_a.enter(EcogAssessment, in_a.subject, today, visit=first)
    assert "ECOG" in before
    assert "ECOG" not in message(first, "EC38f")


def test_a_form_that_was_not_done_for_a_reason_is_not_missing(in_a: Ward) -> None:
    first = in_a.visit_on("C1D1", 0)
    in_a.enter(PhysicalExamination, in_a.subject, {}, visit=first, not_done_reason="refused")
    run_on(in_a, 60)
    assert "Physical examination" not in message(first, "EC38f")


def test_after_the_end_of_the_infusions_no_dose_is_missing_at_day_1(in_b: Ward) -> None:
    in_b.visit_on("C1D1", 0)
    second = in_b.cycle(2, 21)
    for drug in ("GEMCITABINE", "OXALIPLATIN"):
        in_b.ends(drug, 21)  # decided at the visit, instead of the dose
    run_on(in_b, 60)
    assert "Dose administration" in message(visit(in_b, "C1D1"), "EC38f")
    assert "Dose administration" not in message(second, "EC38f")


# ---------------------------------------------------------------- cycles
@pytest.mark.parametrize(("later", "asks"), [(24, 0), (25, 1)])
def test_while_treatment_goes_on_the_next_cycle_is_planned(later: int, asks: int, in_a: Ward) -> None:
    first = in_a.visit_on("C1D1", 0)
    run_on(in_a, later)
    assert asked(first, "EC38g") == asks


def test_a_cycle_that_is_planned_answers_the_question(in_a: Ward) -> None:
    first = in_a.visit_on("C1D1", 0)
    run_on(in_a, 40)
    assert asked(first, "EC38g") == 1
    open_cycle(actor=in_a.coordinator, subject=in_a.subject)
    in_a.weigh(41, "60")
    assert asked(first, "EC38g") == 0


def test_no_cycle_is_asked_for_after_the_end_of_treatment(in_a: Ward) -> None:
    first = in_a.visit_on("C1D1", 0)
    for drug in ("TORIPALIMAB", "LENVATINIB"):
        in_a.ends(drug, 10)
    run_on(in_a, 60)
    assert asked(first, "EC38g") == 0
