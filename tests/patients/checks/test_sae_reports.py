"""Checks of the reporting of serious events; the site lies in Shanghai, eight hours ahead of UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from patients.actions.queries import run_checks
from patients.models import AdverseEvent, ProtocolDeviation, SeriousAdverseEventReport, Subject
from tests.factories import save
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import correct
from trials.audit import clock
from trials.models import Study, StudySetting, User

CHECKS_TESTED_HERE = {"EC28a", "EC28b", "EC28c", "EC28d", "EC28e", "EC28f", "EC28g", "EC28h", "EC28i"}
EVENT = {"term": "Colitis", "ctcae_term": "Colitis", "grade": "3", "started": "2021-03-10"}
SERIOUS = EVENT | {"serious": "Y", "medically_important": "Y"}
REPORT = {
    "adverse_event": 1,
    "kind": "INITIAL",
    "became_aware_on": "2021-03-10",
    "reported_on": "2021-03-11",
    "susar": "N",
    "narrative": "Bloody diarrhea.",
}
NOON = datetime(2021, 3, 11, 4, 0, tzinfo=UTC)


@pytest.fixture
def march(settings: Any) -> Iterator[None]:
    """The site works in March 2021: what is enrolled and entered is recorded then."""
    settings.DEMO = True
    with at(datetime(2021, 3, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def hours(study: Study) -> None:
    setting = StudySetting(study=study, key="sae_report_hours", value=24, default=24, description="clock")
    save(study.chain, setting)


def at(moment: datetime) -> Any:
    return clock.simulated(moment)


@pytest.mark.parametrize(
    ("aware", "asks"),
    [
        ({"became_aware_on": "2021-03-10", "became_aware_at": "11:59"}, 1),
        ({"became_aware_on": "2021-03-10", "became_aware_at": "12:00"}, 0),
        ({"became_aware_on": "2021-03-10"}, 0),
        ({"became_aware_on": "2021-03-09"}, 1),
    ],
)
def test_a_serious_event_entered_more_than_24_hours_after_awareness_is_questioned_when_that_is_certain(
    aware: dict[str, str], asks: int, march: None, hours: None, enter: Any
) -> None:
    with at(NOON):
        event = enter(AdverseEvent, **SERIOUS | {"started": "2021-03-08"} | aware)
    assert asked(event, "EC28a") == asks


def test_the_clock_stops_when_the_record_first_calls_the_event_serious(
    march: None, hours: None, enter: Any, coordinator: User, subject: Subject
) -> None:
    with at(datetime(2021, 3, 10, 5, 0, tzinfo=UTC)):
        event = enter(AdverseEvent, **SERIOUS, became_aware_on="2021-03-10", became_aware_at="12:00")
    with at(datetime(2021, 4, 1, tzinfo=UTC)):
        correct(coordinator, event, outcome="RECOVERING/RESOLVING")
        run_checks(actor=coordinator, subjects=[subject])
    assert asked(event, "EC28a") == 0


def test_an_event_called_serious_late_was_entered_late(
    march: None, hours: None, enter: Any, coordinator: User
) -> None:
    with at(datetime(2021, 3, 10, 5, 0, tzinfo=UTC)):
        event = enter(AdverseEvent, **EVENT, became_aware_on="2021-03-10")
    assert asked(event, "EC28a") == 0
    with at(datetime(2021, 4, 1, tzinfo=UTC)):
        correct(coordinator, event, serious="Y")
    assert asked(event, "EC28a") == 1


def test_without_the_setting_of_the_study_no_hour_is_counted(enter: Any) -> None:
    assert asked(enter(AdverseEvent, **SERIOUS, became_aware_on="2021-03-10"), "EC28a") == 0


@pytest.mark.parametrize(
    ("answers", "asks"),
    [(SERIOUS, 1), (SERIOUS | {"became_aware_on": "2021-03-10"}, 0), (EVENT, 0)],
)
def test_a_serious_event_says_when_the_site_learned_of_it(answers: Any, asks: int, enter: Any) -> None:
    assert asked(enter(AdverseEvent, **answers), "EC28b") == asks


def test_a_serious_event_has_an_initial_report_and_when_it_is_over_a_final_one(
    enter: Any, coordinator: User
) -> None:
    event = enter(AdverseEvent, **SERIOUS)
    assert fields_asked(event, "EC28c") == {"serious"}
    enter(SeriousAdverseEventReport, **REPORT)
    assert asked(event, "EC28c") == 0
    correct(coordinator, event, outcome="RECOVERED/RESOLVED", ended="2021-03-20")
    assert fields_asked(event, "EC28c") == {"outcome"}
    enter(SeriousAdverseEventReport, **REPORT | {"kind": "FINAL"})
    assert asked(event, "EC28c") == 0


def test_an_event_that_is_not_serious_has_no_report(enter: Any) -> None:
    assert asked(enter(AdverseEvent, **EVENT), "EC28c") == 0


@pytest.mark.parametrize(
    ("answers", "asks"),
    [
        ({"became_aware_at": "09:00", "reported_at": "09:00"}, 0),
        ({"became_aware_at": "09:00", "reported_at": "09:01"}, 1),
        ({"became_aware_at": "09:00"}, 0),
        ({"reported_on": "2021-03-12"}, 1),
        ({"reported_on": "2021-03-12", "became_aware_on": "2021-03-11"}, 0),
    ],
)
def test_a_report_more_than_24_hours_after_awareness_is_late_when_that_is_certain(
    answers: dict[str, str], asks: int, hours: None, enter: Any
) -> None:
    enter(AdverseEvent, **SERIOUS)
    # Without its time, awareness may have come at the end of its day and the report at its beginning.
    assert asked(enter(SeriousAdverseEventReport, **REPORT | answers), "EC28d") == asks


def test_a_late_report_drafts_a_deviation(hours: None, enter: Any) -> None:
    enter(AdverseEvent, **SERIOUS)
    enter(SeriousAdverseEventReport, **REPORT | {"reported_on": "2021-03-12"})
    draft = ProtocolDeviation.objects.get()
    assert (draft.category, draft.status) == ("SAFETY REPORTING", "DRAFT")


def test_nothing_is_sent_before_the_site_learned_of_it(enter: Any) -> None:
    enter(AdverseEvent, **SERIOUS)
    days = {"reported_on": "2021-03-09", "regulator_on": "2021-03-10", "ethics_on": "2021-03-09"}
    report = enter(SeriousAdverseEventReport, **REPORT | days)
    assert fields_asked(report, "EC28e") == {"reported_on", "ethics_on"}
    assert asked(enter(SeriousAdverseEventReport, **REPORT | {"kind": "FINAL"}), "EC28e") == 0


def test_a_report_is_of_a_serious_event_and_follows_an_initial_one(enter: Any, coordinator: User) -> None:
    event = enter(AdverseEvent, **SERIOUS | {"serious": "N"})
    second = enter(SeriousAdverseEventReport, **REPORT | {"kind": "FOLLOW-UP", "number": 1})
    assert fields_asked(second, "EC28f") == {"adverse_event", "kind"}
    correct(coordinator, event, serious="Y")
    enter(SeriousAdverseEventReport, **REPORT)
    assert asked(second, "EC28f") == 0
    third = enter(SeriousAdverseEventReport, **REPORT | {"kind": "FOLLOW-UP", "number": 1})
    assert fields_asked(third, "EC28f") == {"number"}


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"susar": "Y", "expectedness": "EXPECTED"}, {"expectedness"}),
        ({"susar": "Y", "causality": "UNRELATED"}, {"causality"}),
        ({"susar": "N", "expectedness": "UNEXPECTED", "causality": "POSSIBLY RELATED"}, {"susar"}),
        ({"susar": "Y", "expectedness": "UNEXPECTED", "causality": "POSSIBLY RELATED"}, set()),
        ({"susar": "N", "expectedness": "UNEXPECTED", "causality": "UNRELATED"}, set()),
    ],
)
def test_a_susar_is_suspected_and_unexpected(answers: dict[str, str], fields: set[str], enter: Any) -> None:
    enter(AdverseEvent, **SERIOUS)
    assert fields_asked(enter(SeriousAdverseEventReport, **REPORT | answers), "EC28g") == fields


@pytest.mark.parametrize(
    ("urgent", "sent", "asks"),
    [
        (False, "2021-03-25", 0),
        (False, "2021-03-26", 1),
        (True, "2021-03-17", 0),
        (True, "2021-03-18", 1),
        (True, None, 0),
    ],
)
def test_a_susar_reaches_the_regulator_in_15_days_or_7_where_life_is_threatened(
    urgent: bool, sent: str | None, asks: int, enter: Any
) -> None:
    enter(AdverseEvent, **SERIOUS | {"life_threatening": "Y" if urgent else "N"})
    report = enter(SeriousAdverseEventReport, **REPORT | {"susar": "Y", "regulator_on": sent})
    assert asked(report, "EC28h") == asks


@pytest.fixture
def susar(march: None, enter: Any) -> SeriousAdverseEventReport:
    """Of March 10, life-threatening: due at the regulator on March 17, its follow-up on March 25."""
    with at(datetime(2021, 3, 12, tzinfo=UTC)):
        enter(AdverseEvent, **SERIOUS | {"life_threatening": "Y"})
        return enter(SeriousAdverseEventReport, **REPORT | {"susar": "Y"})


@pytest.mark.parametrize(
    ("day", "fields"),
    [(17, set()), (18, {"regulator_on"}), (25, {"regulator_on"}), (26, {"regulator_on", "kind"})],
)
def test_a_susar_that_was_not_sent_becomes_overdue_with_time(
    day: int, fields: set[str], susar: SeriousAdverseEventReport, coordinator: User, subject: Subject
) -> None:
    with at(datetime(2021, 3, day, tzinfo=UTC)):
        run_checks(actor=coordinator, subjects=[subject])
    assert fields_asked(susar, "EC28i") == fields


def test_sending_a_susar_and_following_it_up_in_time_answers_the_question(
    susar: SeriousAdverseEventReport, enter: Any, coordinator: User, subject: Subject
) -> None:
    with at(datetime(2021, 3, 28, tzinfo=UTC)):
        run_checks(actor=coordinator, subjects=[subject])
        correct(coordinator, susar, regulator_on="2021-03-16")
        assert fields_asked(susar, "EC28i") == {"kind"}
        follow_up = REPORT | {"kind": "FOLLOW-UP", "number": 1, "susar": "Y"}
        enter(SeriousAdverseEventReport, **follow_up | {"reported_on": "2021-03-26"})
        assert fields_asked(susar, "EC28i") == {"kind"}
        enter(SeriousAdverseEventReport, **follow_up | {"number": 2, "reported_on": "2021-03-25"})
    assert asked(susar, "EC28i") == 0
