"""Visits and cycles: planned from the schedule, moved by what took place."""

from datetime import date, timedelta
from typing import Any

import pytest

from patients.actions.save_form import create_form
from patients.actions.visits import add_unscheduled_visit, miss_visit, open_cycle, open_visit
from patients.models import Cycle, Disposition, Subject, Visit, VisitStatus
from tests.factories import coordinator_of, make_site
from tests.patients.conftest import events_of_casebook
from tests.together import together
from trials.actions.errors import ReasonRequired, Refused, Stale, WrongState
from trials.audit import clock
from trials.models import Study, User
from trials.roles import NotPermitted


def visit_of(subject: Subject, code: str) -> Visit:
    found = Visit.objects.select_related("subject__site", "subject__chain", "definition", "cycle")
    return found.get(subject=subject, code=code)


def took_place(actor: User, subject: Subject, code: str, day: Any, **options: Any) -> Visit:
    visit = visit_of(subject, code)
    return open_visit(actor=actor, visit=visit, occurred_on=day, **({"version": visit.version} | options))


def codes(subject: Subject) -> list[str]:
    return list(
        Visit.objects.filter(subject=subject).order_by("planned_on", "id").values_list("code", flat=True)
    )


@pytest.fixture
def day_of_randomization(in_arm_b: Subject) -> date:
    return in_arm_b.allocation.randomized_on


def test_day_8_is_planned_in_arm_b_only(in_arm_b: Subject) -> None:
    assert {"C1D1", "C1D8"} <= set(codes(in_arm_b))


def test_arm_a_has_no_day_8(in_arm_a: Subject) -> None:
    assert "C1D1" in codes(in_arm_a)
    assert "C1D8" not in codes(in_arm_a)


def test_visits_are_planned_with_their_windows_from_day_1(
    in_arm_b: Subject, day_of_randomization: date
) -> None:
    eighth = visit_of(in_arm_b, "C1D8")
    assert eighth.planned_on == day_of_randomization + timedelta(days=7)
    assert eighth.window_from == eighth.planned_on - timedelta(days=3)
    assert eighth.window_to == eighth.planned_on + timedelta(days=3)
    assert (eighth.title, eighth.status) == ("Day 8, cycle 1", VisitStatus.PLANNED)


def test_a_delay_of_day_1_moves_the_next_cycle_and_never_imaging(
    coordinator: User, in_arm_b: Subject, day_of_randomization: date
) -> None:
    imaging = visit_of(in_arm_b, "IMG1").planned_on
    start = day_of_randomization - timedelta(days=5)
    took_place(coordinator, in_arm_b, "C1D1", start)
    cycle = open_cycle(actor=coordinator, subject=in_arm_b)
    assert (cycle.number, cycle.planned_on) == (2, start + timedelta(days=21))
    assert visit_of(in_arm_b, "C2D1").planned_on == start + timedelta(days=21)
    assert visit_of(in_arm_b, "C2D8").planned_on == start + timedelta(days=28)
    assert visit_of(in_arm_b, "IMG1").planned_on == imaging == day_of_randomization + timedelta(days=42)


def test_day_8_moves_with_the_day_1_that_took_place(
    coordinator: User, in_arm_b: Subject, day_of_randomization: date
) -> None:
    start = day_of_randomization - timedelta(days=2)
    took_place(coordinator, in_arm_b, "C1D1", start)
    eighth = visit_of(in_arm_b, "C1D8")
    assert (eighth.planned_on, eighth.window_from) == (start + timedelta(days=7), start + timedelta(days=4))
    assert visit_of(in_arm_b, "C1D1").planned_on == day_of_randomization


def test_a_day_8_that_took_place_stays_where_it_was_planned(
    coordinator: User, in_arm_b: Subject, day_of_randomization: date
) -> None:
    took_place(coordinator, in_arm_b, "C1D8", day_of_randomization)
    took_place(coordinator, in_arm_b, "C1D1", day_of_randomization - timedelta(days=2))
    assert visit_of(in_arm_b, "C1D8").planned_on == day_of_randomization + timedelta(days=7)


def test_no_cycle_is_planned_after_the_end_of_the_study(coordinator: User, in_arm_b: Subject) -> None:
    took_place(coordinator, in_arm_b, "C1D1", in_arm_b.allocation.randomized_on)
    create_form(
        actor=coordinator,
        form=Disposition,
        subject=in_arm_b,
        data={"scope": "STUDY", "ended_on": in_arm_b.allocation.randomized_on.isoformat(), "reason": "DEATH"},
    )
    with pytest.raises(WrongState, match="ended the study"):
        open_cycle(actor=coordinator, subject=in_arm_b)


def test_imaging_recurs_on_the_calendar_as_cycles_are_opened(
    coordinator: User, in_arm_b: Subject, day_of_randomization: date
) -> None:
    for number in range(1, 4):
        took_place(coordinator, in_arm_b, f"C{number}D1", day_of_randomization)
        open_cycle(actor=coordinator, subject=in_arm_b)
    planned = Visit.objects.filter(subject=in_arm_b, definition__code="IMG").order_by("planned_on")
    assert [each.code for each in planned] == ["IMG1"]
    assert len({each.code for each in Visit.objects.filter(subject=in_arm_b)}) == len(codes(in_arm_b))


def test_the_next_cycle_waits_for_the_start_of_the_last(coordinator: User, in_arm_b: Subject) -> None:
    with pytest.raises(WrongState, match="has not started"):
        open_cycle(actor=coordinator, subject=in_arm_b)


def test_a_subject_who_is_not_randomized_has_no_cycles(coordinator: User, subject: Subject) -> None:
    with pytest.raises(WrongState, match="not randomized"):
        open_cycle(actor=coordinator, subject=subject)


def test_opening_a_visit_needs_no_reason_and_correcting_its_day_does(
    coordinator: User, subject: Subject
) -> None:
    took_place(coordinator, subject, "SCR", "2021-03-01")
    assert events_of_casebook(subject)[-1].reason == ""
    with pytest.raises(ReasonRequired):
        took_place(coordinator, subject, "SCR", date(2021, 3, 2))
    corrected = took_place(coordinator, subject, "SCR", date(2021, 3, 2), reason="misread")
    assert (corrected.occurred_on, corrected.version) == (date(2021, 3, 2), 3)
    event = events_of_casebook(subject)[-1]
    assert (event.action, event.reason) == ("correct visit", "misread")


def test_a_visit_saved_unchanged_leaves_no_event(coordinator: User, subject: Subject) -> None:
    took_place(coordinator, subject, "SCR", date(2021, 3, 1))
    before = len(events_of_casebook(subject))
    assert took_place(coordinator, subject, "SCR", date(2021, 3, 1), reason="again").version == 2
    assert len(events_of_casebook(subject)) == before


def test_correcting_day_1_corrects_the_start_of_its_cycle(
    coordinator: User, in_arm_b: Subject, day_of_randomization: date
) -> None:
    took_place(coordinator, in_arm_b, "C1D1", day_of_randomization)
    earlier = day_of_randomization - timedelta(days=1)
    took_place(coordinator, in_arm_b, "C1D1", earlier, reason="misread")
    assert Cycle.objects.get(subject=in_arm_b).started_on == earlier


def test_a_day_1_corrected_to_missed_takes_the_start_of_its_cycle_back(
    coordinator: User, in_arm_b: Subject, day_of_randomization: date
) -> None:
    first = took_place(coordinator, in_arm_b, "C1D1", day_of_randomization)
    miss_visit(actor=coordinator, visit=first, why="fever", version=first.version, reason="wrong subject")
    assert Cycle.objects.get(subject=in_arm_b).started_on is None


def test_another_day_of_the_cycle_does_not_start_it(
    coordinator: User, in_arm_b: Subject, day_of_randomization: date
) -> None:
    took_place(coordinator, in_arm_b, "C1D8", day_of_randomization)
    assert Cycle.objects.get(subject=in_arm_b).started_on is None


def test_a_missed_visit_says_why_and_can_still_take_place_with_a_reason(
    coordinator: User, subject: Subject
) -> None:
    visit = visit_of(subject, "SCR")
    missed = miss_visit(actor=coordinator, visit=visit, why=" typhoon ", version=1)
    assert (missed.status, missed.missed_reason, missed.occurred_on) == (VisitStatus.MISSED, "typhoon", None)
    with pytest.raises(ReasonRequired):
        took_place(coordinator, subject, "SCR", date(2021, 3, 1))
    came = took_place(coordinator, subject, "SCR", date(2021, 3, 1), reason="came after all")
    assert (came.status, came.missed_reason) == (VisitStatus.OCCURRED, "")


def test_unscheduled_visits_are_numbered_by_the_server(coordinator: User, subject: Subject) -> None:
    made = [
        add_unscheduled_visit(actor=coordinator, subject=subject, occurred_on=date(2021, 3, 4), why="rash")
        for _ in range(2)
    ]
    assert [visit.code for visit in made] == ["UNS1", "UNS2"]
    assert made[0].status == VisitStatus.OCCURRED


@pytest.mark.parametrize("why", ["", "  ", None, 5, ["x"], True, "x" * 201, "a\x00b", "\ud800"])
def test_why_a_visit_was_missed_or_added_is_a_text_that_can_be_kept(
    coordinator: User, subject: Subject, why: Any
) -> None:
    visit = visit_of(subject, "SCR")
    with pytest.raises(Refused) as refusal:
        miss_visit(actor=coordinator, visit=visit, why=why, version=1)
    assert list(refusal.value.errors) == ["missed_reason"]
    with pytest.raises(Refused) as refusal:
        add_unscheduled_visit(actor=coordinator, subject=subject, occurred_on=date(2021, 3, 4), why=why)
    assert list(refusal.value.errors) == ["unscheduled_reason"]


@pytest.mark.parametrize(
    "day", [None, "", "2021-02-30", "2021", 5, True, [], date(1, 1, 1), date(9999, 12, 31), "2021-W10-7"]
)
def test_the_day_of_a_visit_is_a_day_that_has_come(coordinator: User, subject: Subject, day: Any) -> None:
    for act in (
        lambda: took_place(coordinator, subject, "SCR", day),
        lambda: add_unscheduled_visit(actor=coordinator, subject=subject, occurred_on=day, why="rash"),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert list(refusal.value.errors) == ["occurred_on"]


def test_today_at_the_site_has_come_and_tomorrow_has_not(coordinator: User, subject: Subject) -> None:
    today = clock.today("Asia/Shanghai")
    with pytest.raises(Refused, match="future"):
        took_place(coordinator, subject, "SCR", today + timedelta(days=1))
    assert took_place(coordinator, subject, "SCR", today).occurred_on == today


@pytest.mark.parametrize(("version", "error"), [(7, Stale), ("1", Refused), (None, Refused), (True, Refused)])
def test_a_visit_is_changed_only_by_who_has_read_its_newest_version(
    coordinator: User, subject: Subject, version: Any, error: type[Refused]
) -> None:
    with pytest.raises(error) as refusal:
        took_place(coordinator, subject, "SCR", date(2021, 3, 1), version=version)
    assert list(refusal.value.errors) == ["version"]


def test_somebody_of_another_site_opens_no_visit(subject: Subject, study: Study) -> None:
    with pytest.raises(NotPermitted):
        took_place(coordinator_of(make_site(study, "PK")), subject, "SCR", date(2021, 3, 1))


@pytest.mark.django_db(transaction=True)
def test_visits_and_cycles_opened_at_once_are_numbered_without_gap_or_double(in_arm_b: Subject) -> None:
    actor = coordinator_of(in_arm_b.site)
    took_place(actor, in_arm_b, "C1D1", in_arm_b.allocation.randomized_on)
    day = date(2021, 3, 4)
    made = together(
        *[
            lambda: add_unscheduled_visit(actor=actor, subject=in_arm_b, occurred_on=day, why="rash")
            for _ in range(4)
        ],
        *[lambda: open_cycle(actor=actor, subject=in_arm_b) for _ in range(3)],
    )
    unscheduled = sorted(each.code for each in made if isinstance(each, Visit))
    assert unscheduled == ["UNS1", "UNS2", "UNS3", "UNS4"]
    assert sorted(type(each).__name__ for each in made[4:]) == ["Cycle", "WrongState", "WrongState"]
