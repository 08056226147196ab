"""What waits for whom, and since when."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from patients.actions.ask import answer_query, reopen_query
from patients.models import Query, RaisedBy
from patients.query_lists import OVERDUE_DAYS, Ageing, Worklist, ageing, counts, overdue_among, waiting_for
from patients.selectors import visible
from tests.ecrf.admin.test_number_of_queries import client_of
from tests.factories import make_site, person, save
from tests.patients.queries.desk import Desk, desk, now
from trials.audit import clock
from trials.models import Role, StudySetting, User

__all__ = ["desk"]

# After everything that the fixtures record today: the clock of a casebook never goes back.
START = datetime(2060, 6, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def _simulated_clock(settings: Any) -> None:
    settings.DEMO = True


def listed(user: User, worklist: Worklist) -> set[int]:
    """The queries of people on a worklist."""
    found = visible(Query, user).filter(waiting_for(user, worklist)).exclude(raised_by=RaisedBy.CHECK)
    return set(found.values_list("pk", flat=True))


def later(**passed: int) -> datetime:
    return START + timedelta(**passed)


def fortnight(desk: Desk) -> None:
    save(
        desk.study.chain,
        StudySetting(study=desk.study, key=OVERDUE_DAYS, value=14, default=14, description="days"),
    )


def test_a_query_is_on_the_list_of_those_whose_turn_it_is(desk: Desk) -> None:
    query = desk.ask()
    assert listed(desk.coordinator, Worklist.TO_ANSWER) == {query.pk}
    assert listed(desk.monitor, Worklist.TO_ANSWER) == set()
    assert listed(desk.monitor, Worklist.MINE) == {query.pk}
    assert listed(desk.manager, Worklist.MINE) == set()
    answer_query(actor=desk.coordinator, query=query, words="As in the source")
    assert listed(desk.coordinator, Worklist.TO_ANSWER) == set()
    assert listed(desk.monitor, Worklist.TO_CLOSE) == {query.pk}
    assert listed(desk.manager, Worklist.TO_CLOSE) == {query.pk}
    assert listed(desk.statistician, Worklist.TO_CLOSE) == set()


def test_a_data_managers_query_waits_for_no_monitor(desk: Desk) -> None:
    query = desk.ask(desk.manager)
    answer_query(actor=desk.coordinator, query=query, words="As in the source")
    assert listed(desk.monitor, Worklist.TO_CLOSE) == set()
    assert listed(desk.manager, Worklist.TO_CLOSE) == {query.pk}


@pytest.mark.parametrize(("days", "late"), [(14, False), (15, True)])
def test_a_query_is_overdue_after_the_days_of_the_study_and_not_on_the_last_of_them(
    desk: Desk, days: int, late: bool
) -> None:
    fortnight(desk)
    with clock.simulated(START):
        query = desk.ask()
    with clock.simulated(later(days=days)):
        assert listed(desk.coordinator, Worklist.OVERDUE) == ({query.pk} if late else set())
        assert overdue_among([now(query)], clock.now()) == ({query.pk} if late else set())


def test_the_days_are_counted_anew_when_the_turn_changes(desk: Desk) -> None:
    fortnight(desk)
    with clock.simulated(START):
        query = desk.ask()
    with clock.simulated(later(days=20)):
        answer_query(actor=desk.coordinator, query=query, words="As in the source")
    with clock.simulated(later(days=21)):
        assert listed(desk.monitor, Worklist.OVERDUE) == set()
        reopen_query(actor=desk.monitor, query=query, words="Where?")
    with clock.simulated(later(days=36)):
        assert listed(desk.monitor, Worklist.OVERDUE) == {query.pk}


def test_a_study_that_says_no_days_has_nothing_overdue(desk: Desk) -> None:
    with clock.simulated(START):
        desk.ask()
    with clock.simulated(later(days=4000)):
        assert counts(desk.monitor)[Worklist.OVERDUE] == 0


@pytest.mark.parametrize(
    ("asked_after", "median"), [((0,), 30), ((0, 10), 25), ((0, 10, 28), 20), ((0, 1, 2, 28), 28)]
)
def test_the_ageing_of_a_site_is_its_numbers_and_the_median_of_the_ages(
    desk: Desk, asked_after: tuple[int, ...], median: int
) -> None:
    make_site(desk.study, "XH")
    for days in asked_after:
        with clock.simulated(later(days=days)):
            query = desk.ask()
    with clock.simulated(later(days=30)):
        answer_query(actor=desk.coordinator, query=query, words="As in the source")
        assert not Query.objects.filter(raised_by=RaisedBy.CHECK).exists()
        assert ageing(desk.monitor) == [Ageing("ZS", len(asked_after) - 1, 1, median)]


def test_the_first_page_shows_worklists_by_role_and_the_ageing_to_who_closes(desk: Desk) -> None:
    query = desk.ask()
    answered = desk.ask(field="pulse")
    answer_query(actor=desk.coordinator, query=answered, words="As in the source")
    assert query.pk != answered.pk
    site, monitor = (
        client_of(user).get("/admin/").content.decode() for user in (desk.coordinator, desk.monitor)
    )
    assert "<strong>1</strong> To be answered by me" in site
    assert "To be closed by me" not in site
    assert "Median age in days" not in site
    assert "<strong>1</strong> Answered, to be closed by me" in monitor
    assert "<strong>2</strong> Asked by me" in monitor
    assert "Median age in days" in monitor


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("worklist=to_close", {"answered"}),
        ("worklist=mine", {"open", "answered"}),
        ("state=ANSWERED", {"answered"}),
        ("severity=HARD&raised_by=MONITOR", {"open"}),
        ("raised_by=MONITOR", {"open", "answered"}),
        ("form=VS&raised_by=MONITOR", {"open", "answered"}),
        ("form=AE", set()),
        ("q=ZS-001 SCR weight", {"open"}),
        ("q=C1D1", set()),
        ("days=7&raised_by=MONITOR", set()),
    ],
)
def test_the_list_is_narrowed_by_what_a_query_is_about(desk: Desk, asked: str, found: set[str]) -> None:
    held = {
        "open": desk.ask(severity="HARD", words="First question"),
        "answered": desk.ask(field="pulse", words="Second question"),
    }
    answer_query(actor=desk.coordinator, query=held["answered"], words="As in the source")
    shown = client_of(desk.monitor).get(f"/admin/patients/query/?{asked}").content.decode()
    words = {"open": "First question", "answered": "Second question"}
    assert {name for name in held if words[name] in shown} == found


def test_a_list_of_another_sites_monitor_is_empty_whatever_it_is_asked_for(desk: Desk) -> None:
    desk.ask(words="First question")
    abroad = client_of(person(Role.MONITOR, desk.study, make_site(desk.study, "XH")))
    for asked in ("", "worklist=overdue", "worklist=mine", "state=OPEN", "q=ZS-001", "site=ZS"):
        assert "First question" not in abroad.get(f"/admin/patients/query/?{asked}").content.decode()
