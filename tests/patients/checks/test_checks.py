"""Every check has a case in which it asks and one in which it is silent."""

from importlib import import_module
from io import StringIO
from pkgutil import iter_modules
from typing import Any

import pytest
from django.core.management import call_command

from patients.actions.save_form import change_form, mark_entered_in_error
from patients.checks.casebook import CHECKS
from patients.forms import record_models
from patients.models import (
    AdverseEvent,
    ConcomitantMedication,
    DailyDosePeriod,
    Demographics,
    DoseAdministration,
    InformedConsent,
    LabSample,
    MedicalHistory,
    Query,
    QueryState,
    Severity,
    Subject,
    VitalSigns,
)
from tests.factories import CONSENT_DAY, opened
from tests.patients import checks
from tests.patients.checks.asking import MAN, asked, sections_of
from tests.patients.conftest import events_of_casebook
from trials.audit import clock
from trials.models import User

RASH = {"term": "Rash", "grade": "2", "started": "2021-03-10", "outcome": "NOT RECOVERED/NOT RESOLVED"}
# A subject of a test is randomized today; a year says no more than that the event may have come since then.
THIS_YEAR = str(clock.today("Asia/Shanghai").year)
RELATED = [
    {"drug": drug, "causality": "POSSIBLY RELATED", "action": "DOSE NOT CHANGED"}
    for drug in ("LENVATINIB", "TORIPALIMAB")
]
GIVEN = {"drug": "TORIPALIMAB", "given": "Y", "given_on": "2021-03-08", "dose": "240"}
TAKEN = {"drug": "LENVATINIB", "started": "2021-03-08", "dose": "12", "frequency": "QD"}


def lab(**result: str) -> dict[str, Any]:
    own = {"test": "ALT", "value": "20", "unit": "U/L"} | result
    return {
        "collected_on": "2021-03-01",
        "laboratory": "ZS-LAB",
        "rows": {"results": [{key: value for key, value in own.items() if value}]},
    }


def pressure(systolic: int, diastolic: int) -> dict[str, Any]:
    return {"rows": {"blood_pressures": [{"systolic": systolic, "diastolic": diastolic}]}}


# Check, form, what is added to the harmless form so that it asks, and so that it stays silent.
CASES: list[tuple[str, Any, dict[str, Any], dict[str, Any]]] = [
    ("EC01a", Demographics, MAN | {"age": 62}, MAN),
    ("EC01b", Demographics, MAN | {"birth": "1944-05", "age": 76}, MAN | {"birth": "1945-06", "age": 75}),
    ("EC08a", LabSample, lab() | {"laboratory": None}, lab()),
    ("EC08b", LabSample, lab(unit=""), lab(test="UPROT", value="5", unit="")),
    ("EC09", LabSample, lab(value="80"), lab(value="80", clinically_significant="N")),
    ("EC12a", VitalSigns, pressure(80, 80), pressure(81, 80)),
    ("EC12b", VitalSigns, {"weight": "121"}, {"weight": "120", "height": "140", "temperature": "39"}),
    ("EC13", DailyDosePeriod, TAKEN | {"dose": "8", "difference": "ADVERSE_EVENT"}, TAKEN),
    ("EC15a", DoseAdministration, GIVEN | {"drug": "GEMCITABINE"}, GIVEN),
    ("EC15b", DailyDosePeriod, TAKEN | {"drug": "GEMCITABINE"}, TAKEN),
    ("EC16", DoseAdministration, GIVEN | {"dose": "200"}, GIVEN | {"dose": "240.0"}),
    (
        "EC18",
        DoseAdministration,
        GIVEN | {"started_at": "10:00", "ended_at": "10:00"},
        GIVEN | {"started_at": "10:00", "ended_at": "10:30"},
    ),
    ("EC21a", AdverseEvent, RASH | {"ended": "2021-03-09"}, RASH | {"ended": "2021-03"}),
    ("EC21b", AdverseEvent, RASH | {"ongoing": "Y", "ended": "2021-03-12"}, RASH | {"ongoing": "Y"}),
    ("EC21c", AdverseEvent, RASH | {"started": "2021-02"}, RASH | {"started": "2021-03"}),
    (
        "EC21d",
        ConcomitantMedication,
        {"medication": "Aspirin", "started": "2021-03", "ended": "2021-02"},
        {"medication": "Aspirin", "started": "2021", "ended": "2021-02"},
    ),
    ("EC21e", DailyDosePeriod, TAKEN | {"ended": "2021-03-07"}, TAKEN | {"ended": "2021-03-08"}),
    (
        "EC22",
        AdverseEvent,
        RASH | {"grade": "5"},
        RASH | {"grade": "5", "outcome": "FATAL", "results_in_death": "Y"},
    ),
    (
        "EC23",
        AdverseEvent,
        RASH | {"serious": "Y"},
        RASH | {"serious": "Y", "hospitalization": "Y"},
    ),
    ("EC23", AdverseEvent, RASH | {"serious": "N", "life_threatening": "Y"}, RASH | {"serious": "N"}),
    (
        "EC26",
        AdverseEvent,
        RASH | {"started": THIS_YEAR},
        RASH | {"started": THIS_YEAR, "rows": {"drugs": RELATED}},
    ),
    ("EC26", AdverseEvent, RASH | {"started": THIS_YEAR, "rows": {"drugs": RELATED[:1]}}, RASH),
    (
        "EC21g",
        MedicalHistory,
        {"term": "Gout", "ongoing": "Y", "ended": "2020"},
        {"term": "Gout", "ongoing": "N", "ended": "2020"},
    ),
]


each_case = pytest.mark.parametrize(
    ("check", "form", "asks", "silent"),
    CASES,
    ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)],
)


@each_case
def test_the_check_asks(check: str, form: Any, asks: Any, silent: Any, fill: Any) -> None:
    record = fill(form, asks)
    assert asked(record, check) == 1
    query = Query.objects.get(check_id=check, record_id=record.pk, state=QueryState.OPEN)
    assert query.message.endswith((".", "?"))
    assert query.field in {item.name for section in sections_of(record) for item in section.items}


@each_case
def test_the_check_is_silent(check: str, form: Any, asks: Any, silent: Any, fill: Any) -> None:
    assert asked(fill(form, silent), check) == 0


def test_every_check_says_in_a_sentence_what_it_looks_at() -> None:
    unsaid = [each.id for each in CHECKS if not (each.asks[:1].isupper() or each.asks.startswith("“"))]
    unended = [each.id for each in CHECKS if not each.asks.endswith(".")]
    assert (unsaid, unended) == ([], [])


def test_the_command_says_of_each_check_what_it_looks_at(fill: Any) -> None:
    fill(VitalSigns, pressure(80, 80))
    out = StringIO()
    call_command("run_checks", stdout=out)
    [line] = [each for each in out.getvalue().splitlines() if each.startswith("EC12a ")]
    assert line.endswith("The systolic pressure is higher than the diastolic one.")


# These two look at what was entered since; they have tests of their own with the doses.
WITH_THE_DOSES = {"EC12c", "EC12d"}


def test_every_check_has_its_cases() -> None:
    """The other files of this folder name the checks they test in CHECKS_TESTED_HERE."""
    files = [import_module(f"tests.patients.checks.{each.name}") for each in iter_modules(checks.__path__)]
    elsewhere = set().union(*(getattr(file, "CHECKS_TESTED_HERE", set()) for file in files))
    assert {case[0] for case in CASES} | WITH_THE_DOSES | elsewhere == {check.id for check in CHECKS}
    assert len(CHECKS) == len({check.id for check in CHECKS})


def test_every_check_names_a_form_that_exists_and_rests_on_forms_that_exist() -> None:
    oids = set(record_models())
    for check in CHECKS:
        assert {*check.forms, *check.rests_on} - {"*"} <= oids
        assert check.severity in Severity


# ---------------------------------------------------------------- the life of a query


def test_an_open_query_is_not_raised_again(coordinator: User, fill: Any) -> None:
    record = fill(VitalSigns, {"weight": "121"})
    change_form(actor=coordinator, record=record, version=1, reason="added", data={"pulse": 70})
    assert Query.objects.filter(record_id=record.pk).count() == 1


def test_a_query_says_the_new_value_when_the_correction_is_questionable_too(
    coordinator: User, fill: Any
) -> None:
    record = fill(VitalSigns, {"weight": "121"})
    change_form(actor=coordinator, record=record, version=1, reason="misread", data={"weight": "130"})
    query = Query.objects.get(record_id=record.pk)
    assert "130 kg" in query.message
    assert query.state == QueryState.OPEN


def test_a_query_closed_by_a_correction_is_raised_anew_when_the_fault_returns(
    coordinator: User, fill: Any
) -> None:
    record = fill(VitalSigns, {"weight": "121"})
    for version, weight in ((1, "60"), (2, "122")):
        change_form(
            actor=coordinator, record=record, version=version, reason="misread", data={"weight": weight}
        )
    states = Query.objects.filter(record_id=record.pk).order_by("id").values_list("state", flat=True)
    assert list(states) == [QueryState.CLOSED, QueryState.OPEN]


def test_queries_are_part_of_the_act_that_raised_or_closed_them(
    coordinator: User, fill: Any, casebook: Subject
) -> None:
    record = fill(VitalSigns, {"weight": "121"})
    assert events_of_casebook(casebook)[-1].rows == 2
    change_form(actor=coordinator, record=record, version=1, reason="misread", data={"weight": "60"})
    # The form, the query, and the turn of its thread that links it to this change.
    assert events_of_casebook(casebook)[-1].rows == 3


def test_a_form_entered_in_error_has_no_open_query(coordinator: User, fill: Any) -> None:
    record = fill(VitalSigns, {"weight": "121"})
    mark_entered_in_error(actor=coordinator, record=record, version=1, reason="wrong subject")
    assert not Query.objects.filter(record_id=record.pk, state=QueryState.OPEN).exists()


def test_a_fact_that_is_questioned_is_stored_all_the_same(fill: Any) -> None:
    assert fill(VitalSigns, {"weight": "249", "height": "229"}).weight == 249


def test_a_consent_corrected_asks_anew_about_what_rests_on_it(
    coordinator: User, fill: Any, casebook: Subject
) -> None:
    record = fill(AdverseEvent, RASH | {"started": "2021-03-05"})
    assert asked(record, "EC21c") == 0
    consent = InformedConsent.objects.get(subject=casebook)
    for version, day, expected in ((1, "2021-03-06", 1), (2, "2021-03-05", 0)):
        change_form(
            actor=coordinator, record=consent, version=version, reason="misread", data={"signed_on": day}
        )
        assert asked(record, "EC21c") == expected


def test_a_dose_that_was_not_given_is_asked_for_its_reason_against_zero(
    coordinator: User, casebook: Subject, fill: Any
) -> None:
    opened(coordinator, casebook, "C1D1", CONSENT_DAY)
    record = fill(DoseAdministration, GIVEN | {"given": "N", "dose": "0"})
    assert asked(record, "EC16") == 1
    explained = GIVEN | {"given": "N", "dose": "0", "difference": "ADVERSE_EVENT"}
    assert asked(fill(DoseAdministration, explained), "EC16") == 0
