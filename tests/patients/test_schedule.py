"""Where each visit stands against the schedule, and which of its forms are there."""

from datetime import date, timedelta
from typing import Any

import pytest

from patients.actions.save_form import create_form, mark_entered_in_error
from patients.actions.visits import add_unscheduled_visit, miss_visit
from patients.derivations.schedule import Expected, Presence, Standing, Timing, visit_status
from patients.facts import Facts, Moment
from patients.models import (
    Cycle,
    Death,
    Demographics,
    EcogAssessment,
    LabSample,
    Subject,
    Visit,
    VitalSigns,
)
from tests.factories import CONSENT_DAY, make_list, opened, randomized_subject, save
from trials.audit import clock
from trials.models import ScheduledForm, Site, Study, User, VisitDefinition

WINDOW = timedelta(days=3)
"""Before and after each visit of the small study."""


@pytest.fixture
def due(study: Study) -> Any:
    """`due("SCR", form="LB", panel="CHEMISTRY")`: a form that the schedule asks for at a visit."""

    def schedule(visit: str, **values: Any) -> None:
        definition = VisitDefinition.objects.get(study=study, code=visit)
        save(study.chain, ScheduledForm(study=study, visit=definition, **values))

    return schedule


def standing(subject: Subject, code: str, today: date, moment: Moment | None = None) -> Standing:
    facts = Facts([subject], moment) if moment else Facts([subject])
    return next(each for each in visit_status(facts, subject, today) if each.visit.code == code)


def forms(subject: Subject, code: str = "SCR") -> dict[tuple[str, str], Presence]:
    found = standing(subject, code, CONSENT_DAY)
    return {(each.form, each.panel): each.presence for each in found.forms}


@pytest.mark.parametrize(
    ("days", "timing", "off", "words"),
    [
        (-4, Timing.NOT_YET_DUE, 0, "Not yet due"),
        (-3, Timing.DUE, 0, "Due"),
        (0, Timing.DUE, 0, "Due"),
        (3, Timing.DUE, 0, "Due"),
        (4, Timing.OVERDUE, 1, "Overdue by 1 day"),
        (10, Timing.OVERDUE, 7, "Overdue by 7 days"),
    ],
)
def test_a_planned_visit_is_not_yet_due_due_or_overdue(
    subject: Subject, days: int, timing: Timing, off: int, words: str
) -> None:
    found = standing(subject, "SCR", CONSENT_DAY + timedelta(days=days))
    assert (found.timing, found.days_off, found.words) == (timing, off, words)


@pytest.mark.parametrize(
    ("days", "timing", "off", "words"),
    [
        (-5, Timing.OUT_OF_WINDOW, -2, "2 days before its window"),
        (-3, Timing.IN_WINDOW, 0, "Within its window"),
        (3, Timing.IN_WINDOW, 0, "Within its window"),
        (4, Timing.OUT_OF_WINDOW, 1, "1 day after its window"),
    ],
)
def test_a_visit_that_took_place_was_within_its_window_or_days_outside(
    coordinator: User, subject: Subject, days: int, timing: Timing, off: int, words: str
) -> None:
    opened(coordinator, subject, "SCR", CONSENT_DAY + timedelta(days=days))
    found = standing(subject, "SCR", CONSENT_DAY + timedelta(days=100))
    assert (found.timing, found.days_off, found.words) == (timing, off, words)


def test_a_missed_an_unscheduled_and_a_visit_no_longer_due_say_so(
    coordinator: User, site: Site, study: Study
) -> None:
    make_list(study, "A")
    subject = randomized_subject(coordinator, site)
    first = Visit.objects.select_related("subject__site", "definition").get(subject=subject, code="C1D1")
    miss_visit(actor=coordinator, visit=first, why="fever", version=1)
    add_unscheduled_visit(actor=coordinator, subject=subject, occurred_on=date(2021, 3, 4), why="rash")
    today = clock.today(site.time_zone)
    create_form(actor=coordinator, form=Death, subject=subject, data={"died_on": today.isoformat()})
    found = {each.visit.code: each.timing for each in visit_status(Facts([subject]), subject, today)}
    assert found["C1D1"] is Timing.MISSED
    assert found["UNS1"] is Timing.UNSCHEDULED
    assert found["IMG1"] is Timing.NOT_DUE


def test_visits_come_in_the_order_of_their_days(in_arm_b: Subject, coordinator: User) -> None:
    day = in_arm_b.allocation.randomized_on
    add_unscheduled_visit(actor=coordinator, subject=in_arm_b, occurred_on=date(2021, 3, 4), why="rash")
    found = [each.visit.code for each in visit_status(Facts([in_arm_b]), in_arm_b, day)]
    assert found == ["SCR", "UNS1", "C1D1", "C1D8", "IMG1"]


def test_each_form_of_a_visit_that_took_place_is_present_or_missing(
    visit: Visit, due: Any, enter: Any, subject: Subject
) -> None:
    for form in ("VS", "ECOG", "PE"):
        due("SCR", form=form)
    for panel in ("CHEMISTRY", "THYROID"):
        due("SCR", form="LB", panel=panel)
    enter(VitalSigns, visit=visit, measured_on="2021-03-01")
    enter(EcogAssessment, visit=visit, not_done_reason="refused")
    enter(LabSample, visit=visit, collected_on="2021-03-01", panel="CHEMISTRY")
    assert forms(subject) == {
        ("VS", ""): Presence.PRESENT,
        ("ECOG", ""): Presence.NOT_DONE,
        ("PE", ""): Presence.MISSING,
        ("LB", "CHEMISTRY"): Presence.PRESENT,
        ("LB", "THYROID"): Presence.MISSING,
    }
    assert {each.form for each in standing(subject, "SCR", CONSENT_DAY).missing} == {"PE", "LB"}


def test_a_form_entered_in_error_is_missing(
    coordinator: User, visit: Visit, due: Any, enter: Any, subject: Subject
) -> None:
    due("SCR", form="VS")
    record = enter(VitalSigns, visit=visit, measured_on="2021-03-01")
    mark_entered_in_error(actor=coordinator, record=record, version=1, reason="wrong subject")
    assert forms(subject) == {("VS", ""): Presence.MISSING}


def test_a_form_of_another_visit_is_not_present_at_this_one(
    coordinator: User, visit: Visit, due: Any, enter: Any, subject: Subject
) -> None:
    due("SCR", form="VS")
    other = add_unscheduled_visit(actor=coordinator, subject=subject, occurred_on=CONSENT_DAY, why="rash")
    enter(VitalSigns, visit=other, measured_on="2021-03-01")
    assert forms(subject) == {("VS", ""): Presence.MISSING}


def test_forms_of_a_visit_that_did_not_take_place_yet_are_not_missing(due: Any, subject: Subject) -> None:
    due("SCR", form="VS")
    assert forms(subject) == {("VS", ""): Presence.NOT_YET}


def test_forms_of_the_whole_casebook_are_missing_only_where_there_is_always_one(
    visit: Visit, due: Any, enter: Any, subject: Subject
) -> None:
    for form in ("DM", "TH", "AE"):
        due("SCR", form=form)
    enter(Demographics, sex="M")
    assert forms(subject) == {
        ("DM", ""): Presence.PRESENT,
        ("TH", ""): Presence.MISSING,
        ("AE", ""): Presence.AS_NEEDED,
    }


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"sex": "F", "childbearing_potential": "Y"}, {("RP", ""): Presence.MISSING}),
        ({"sex": "F", "childbearing_potential": "N"}, {}),
        ({"sex": "M"}, {}),
        ({"sex": "F"}, {("RP", ""): Presence.UNDETERMINED}),
        (None, {("RP", ""): Presence.UNDETERMINED}),
    ],
)
def test_a_pregnancy_test_is_due_for_women_who_can_bear_children(
    visit: Visit, due: Any, enter: Any, subject: Subject, told: Any, expected: Any
) -> None:
    due("SCR", form="RP", due_for="CHILDBEARING")
    if told is not None:
        enter(Demographics, **told)
    assert forms(subject) == expected


def test_a_form_that_may_not_be_due_says_what_is_not_known(visit: Visit, due: Any, subject: Subject) -> None:
    due("SCR", form="RP", due_for="CHILDBEARING")
    why = "The demographics do not say whether the subject can bear children."
    assert standing(subject, "SCR", CONSENT_DAY).forms == (Expected("RP", "", Presence.UNDETERMINED, why),)


@pytest.mark.parametrize(("cycle", "found"), [(1, {"EG", "VS", "PE"}), (2, {"VS"}), (3, {"EG", "VS"})])
def test_a_form_may_be_due_in_the_first_cycle_only_or_in_some(
    in_arm_a: Subject, due: Any, cycle: int, found: set[str]
) -> None:
    due("D1", form="VS")
    due("D1", form="EG", every_cycles=2)
    due("D1", form="PE", first_cycle_only=True)
    save(in_arm_a.chain, *_renumbered(in_arm_a, cycle))
    assert {form for form, _panel in forms(in_arm_a, "C1D1")} == found


def _renumbered(subject: Subject, number: int) -> list[Cycle]:
    cycle = Cycle.objects.get(subject=subject)
    cycle.number = number
    return [cycle]


# ---------------------------------------------------------------- as it was
def test_up_to_a_cutoff_what_came_later_is_planned_still(coordinator: User, subject: Subject) -> None:
    opened(coordinator, subject, "SCR", CONSENT_DAY + WINDOW)
    add_unscheduled_visit(actor=coordinator, subject=subject, occurred_on=date(2021, 3, 20), why="rash")
    moment = Moment(cutoff=CONSENT_DAY)
    found = visit_status(Facts([subject], moment), subject, CONSENT_DAY)
    assert [(each.visit.code, each.timing) for each in found] == [("SCR", Timing.DUE)]
    assert Visit.objects.get(subject=subject, code="SCR").occurred_on == CONSENT_DAY + WINDOW


def test_up_to_a_cutoff_a_visit_that_a_later_death_made_undue_is_due_still(
    coordinator: User, subject: Subject
) -> None:
    create_form(actor=coordinator, form=Death, subject=subject, data={"died_on": "2021-03-02"})
    assert standing(subject, "SCR", CONSENT_DAY).timing is Timing.NOT_DUE
    assert standing(subject, "SCR", CONSENT_DAY, Moment(cutoff=CONSENT_DAY)).timing is Timing.DUE
    later = Moment(cutoff=CONSENT_DAY + WINDOW)
    assert standing(subject, "SCR", CONSENT_DAY, later).timing is Timing.NOT_DUE
