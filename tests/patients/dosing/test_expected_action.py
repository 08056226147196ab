"""The expected action of a day comes from captured data, says why, and never advises by default."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from patients.actions.save_form import change_form
from patients.derivations.dose_history import given_on
from patients.derivations.expected_action import differs, dose_departure, dose_departures
from tests.patients.dosing.ward import CHEMISTRY, COUNTS, Ward, day
from trials.audit import clock
from trials.clinical.dose_modification import Action
from trials.clinical.partial_date import Truth


def codes(found: Any) -> set[str]:
    return {row.code for row in found}


def departs(ward: Ward, drug: str, later: int) -> Truth:
    facts = ward.facts()
    given = given_on(facts, ward.subject, ward.drug(drug), day(later))
    return differs(facts, ward.subject, ward.expected(drug, later), given)


def draft(ward: Ward, drug: str, later: int) -> Any:
    return dose_departure(ward.facts(), ward.subject, ward.drug(drug), day(later))


# ---------------------------------------------------------------- approval
def test_until_the_table_is_approved_every_action_reads_not_approved_for_this_study(
    ward: Callable[..., Ward],
) -> None:
    admitted = ward("B")
    admitted.bled(0, {"NEUT": ("0.2", "10*9/L")})
    for drug in ("LENVATINIB", "OXALIPLATIN", "GEMCITABINE"):
        found = admitted.expected(drug, 0)
        assert found.words.startswith("not approved for this study (")
        assert "is not signed by the principal investigator" in found.words
        assert (found.action, found.dose, found.rows) == (None, None, ())
        assert found.planned.dose is not None


def test_nothing_is_drafted_from_a_table_that_is_not_approved(ward: Callable[..., Ward]) -> None:
    admitted = ward("B")
    admitted.bled(0, {"NEUT": ("0.2", "10*9/L"), "PLAT": ("20", "10*9/L")})
    admitted.infuse("GEMCITABINE", 0, "1680")
    assert dose_departures(admitted.facts(), admitted.subject) == []


def test_as_of_an_instant_before_the_approval_the_table_was_not_approved(ward: Callable[..., Ward]) -> None:
    admitted = ward("B")
    admitted.bled(0)
    before = clock.now()
    admitted.approve()
    assert admitted.expected("GEMCITABINE", 0).action is Action.GIVE
    words = admitted.expected("GEMCITABINE", 0, as_of=before).words
    assert words.startswith("not approved for this study (")


def test_before_the_first_version_of_the_table_there_is_none(in_b: Ward) -> None:
    found = in_b.expected("GEMCITABINE", -500)
    assert found.action is None
    assert found.missing == (f"dose-modification table in force on {day(-500)}",)


def test_a_drug_of_the_other_arm_has_no_expected_action(in_b: Ward) -> None:
    found = in_b.expected("TORIPALIMAB", 0)
    assert (found.action, found.words) == (None, "no planned dose: the drug is not part of arm B")


# ---------------------------------------------------------------- gemcitabine and oxaliplatin
def test_with_recovered_counts_the_planned_dose_is_given(in_b: Ward) -> None:
    in_b.bled(0)
    found = in_b.expected("GEMCITABINE", 0)
    assert (found.action, found.certain, found.dose) == (Action.GIVE, True, found.planned.dose)
    assert found.words == "give 1683.25 mg; no row of the table applies, the planned dose"


def test_without_a_blood_count_nothing_is_given_by_default(in_b: Ward) -> None:
    found = in_b.expected("OXALIPLATIN", 0)
    assert (found.action, found.dose) == (None, None)
    assert "neutrophils within 3 days up to 2021-03-08" in found.missing
    assert "platelets within 3 days up to 2021-03-08" in found.missing
    assert found.words.startswith("cannot be determined: no ")


@pytest.mark.parametrize(
    ("platelets", "action", "row"),
    [("99", Action.HOLD, "OXA-02"), ("100", Action.GIVE, None)],
)
def test_a_course_starts_with_recovered_platelets(
    in_b: Ward, platelets: str, action: Action, row: str | None
) -> None:
    in_b.bled(0, COUNTS | CHEMISTRY | {"PLAT": (platelets, "10*9/L")})
    found = in_b.expected("OXALIPLATIN", 0)
    assert (found.action, codes(found.rows)) == (action, {row} if row else set())


def test_the_deciding_row_names_the_value_and_where_it_stands(in_b: Ward) -> None:
    in_b.bled(0, COUNTS | CHEMISTRY | {"PLAT": ("62", "10*3/uL")})
    (row,) = in_b.expected("OXALIPLATIN", 0).rows
    assert row.evidence == "platelets 62 ×10⁹/L on 2021-03-08"
    (source,) = row.sources
    assert (source.form, source.field, source.value) == ("LB", "value", "62")


def test_what_the_settings_ask_for_the_table_asks_for(ward: Callable[..., Ward]) -> None:
    """A row names a setting when the protocol is loaded, and keeps its value until it is loaded again."""
    admitted = ward("B")
    rows = admitted.study.dosemodifications.filter(code__in=["GEM-02", "OXA-02"])
    assert {each.below for each in rows} == {Decimal(100)}


def test_on_day_8_gemcitabine_is_reduced_or_omitted(in_b: Ward) -> None:
    cases = (
        ("1.0", "100", Action.GIVE, "1"),
        ("0.99", "100", Action.REDUCE, "0.75"),
        ("2", "99", Action.REDUCE, "0.75"),
        ("0.49", "100", Action.OMIT, "0"),
        ("2", "49", Action.OMIT, "0"),
    )
    for number, (neutrophils, platelets, action, share) in enumerate(cases):
        first, eighth = 21 * number, 21 * number + 7
        in_b.infuse("GEMCITABINE", first, "1683.25", in_b.cycle(number + 1, first))
        in_b.visit_on(f"C{number + 1}D8", eighth)
        in_b.bled(eighth, {"NEUT": (neutrophils, "10*9/L"), "PLAT": (platelets, "10*9/L")})
        found = in_b.expected("GEMCITABINE", eighth)
        assert found.action is action
        assert found.planned.dose is not None
        assert found.dose == (found.planned.dose * Decimal(share)).quantize(Decimal("0.01"))


def test_oxaliplatin_comes_back_one_level_lower_after_a_grade_3_thrombocytopenia(in_b: Ward) -> None:
    in_b.bled(0)
    in_b.infuse("OXALIPLATIN", 0, "143.08", in_b.cycle(1, 0))
    in_b.bled(10, {"PLAT": ("45", "10*9/L")})
    in_b.bled(21)
    found = in_b.expected("OXALIPLATIN", 21)
    assert (found.action, codes(found.rows), found.reductions) == (Action.REDUCE, {"OXA-09"}, 1)
    assert found.dose == Decimal("109.41")  # 65 mg/m2 x 1.6833 m2


def test_the_lower_level_stays_once_it_was_given(in_b: Ward) -> None:
    in_b.bled(0)
    in_b.infuse("OXALIPLATIN", 0, "143.08", in_b.cycle(1, 0))
    in_b.infuse("OXALIPLATIN", 21, "110", in_b.cycle(2, 21), difference="LABORATORY")
    in_b.bled(42)
    found = in_b.expected("OXALIPLATIN", 42)
    assert (found.action, found.reductions, found.dose) == (Action.GIVE, 1, Decimal("109.41"))
    assert found.words == (
        "give 109.41 mg (1 reduction so far); no row of the table applies, the dose stays reduced"
    )


def test_a_dose_that_was_rounded_to_the_vial_is_no_reduction(in_b: Ward) -> None:
    in_b.bled(0)
    in_b.infuse("OXALIPLATIN", 0, "140", in_b.cycle(1, 0), difference="ROUNDING")
    in_b.bled(21)
    assert in_b.expected("OXALIPLATIN", 21).reductions == 0


def test_a_low_creatinine_clearance_lowers_oxaliplatin_for_the_day(in_b: Ward) -> None:
    in_b.bled(0, COUNTS | CHEMISTRY | {"CREAT": ("220", "umol/L")})
    found = in_b.expected("OXALIPLATIN", 0)
    assert (found.action, codes(found.rows)) == (Action.REDUCE, {"OXA-11"})
    assert (found.dose, found.reductions) == (Decimal("109.41"), 0)


def test_neuropathy_of_grade_3_stops_oxaliplatin_and_not_gemcitabine(in_b: Ward) -> None:
    in_b.bled(0)
    in_b.infuse("OXALIPLATIN", 0, "143.08", in_b.cycle(1, 0))
    in_b.event("Peripheral sensory neuropathy", "3", 5, causes=("OXALIPLATIN",))
    in_b.bled(21)
    assert in_b.expected("OXALIPLATIN", 21).action is Action.STOP
    assert in_b.expected("GEMCITABINE", 21).action is Action.GIVE


def test_after_the_end_of_a_drug_nothing_is_expected_of_it(in_b: Ward) -> None:
    in_b.ends("OXALIPLATIN", 100, reason="ADVERSE EVENT")
    found = in_b.expected("OXALIPLATIN", 101)
    assert (found.action, found.words) == (None, f"treatment with Oxaliplatin ended on {day(100)}")


# ---------------------------------------------------------------- lenvatinib
def test_lenvatinib_is_planned_by_the_weight_at_its_start_and_reduced_by_levels(in_a: Ward) -> None:
    in_a.bled(0)
    assert in_a.expected("LENVATINIB", 0).dose == 12
    in_a.take(0, 9, "12")
    in_a.event("Hypertension", "3", 10, 20, causes=("LENVATINIB",))
    in_a.bled(15)
    held = in_a.expected("LENVATINIB", 15)
    assert (held.action, held.dose, codes(held.rows)) == (Action.HOLD, 0, {"LEN-01"})
    assert held.rows[0].resume == "grade 2 or less under treatment"
    after = in_a.expected("LENVATINIB", 20)
    assert (after.action, after.dose, after.reductions) == (Action.REDUCE, 8, 1)


def test_lenvatinib_is_never_raised_again(in_a: Ward) -> None:
    in_a.bled(0)
    in_a.take(0, 9, "12")
    in_a.take(10, 29, "4", difference="ADVERSE_EVENT")
    in_a.take(30, None, "8")
    in_a.bled(35)
    found = in_a.expected("LENVATINIB", 35)
    assert (found.action, found.dose, found.reductions) == (Action.GIVE, 4, 2)


def test_below_the_last_level_lenvatinib_is_stopped(ward: Callable[..., Ward]) -> None:
    light = ward("A", weight="59.9")
    light.approve()
    light.bled(0)
    light.take(0, 9, "8")
    light.take(10, 40, "4", frequency="QOD", difference="ADVERSE_EVENT")
    light.event("Fatigue", "3", 35, 38, causes=("LENVATINIB",))
    light.bled(40)
    assert light.expected("LENVATINIB", 41).action is Action.STOP


@pytest.mark.parametrize("reason", ["ERROR", "SUBJECT_DECISION", "WEIGHT_CHANGE"])
def test_a_lower_dose_for_another_reason_is_no_reduction(in_a: Ward, reason: str) -> None:
    in_a.bled(0)
    in_a.take(0, 9, "12")
    in_a.take(10, 19, "8", difference=reason)
    in_a.bled(20)
    found = in_a.expected("LENVATINIB", 20)
    assert (found.action, found.dose, found.reductions) == (Action.GIVE, 12, 0)


def test_a_dose_that_is_no_level_leaves_the_expected_dose_undetermined(in_a: Ward) -> None:
    in_a.bled(0)
    in_a.take(0, 19, "10")
    in_a.bled(20)
    found = in_a.expected("LENVATINIB", 20)
    assert (found.dose, found.certain) == (None, False)
    assert found.missing == (f"level of the table for 10 mg once a day from {day(0)}",)


def test_what_no_row_requires_is_named(in_a: Ward) -> None:
    in_a.bled(0)
    found = in_a.expected("LENVATINIB", 0)
    assert (found.action, found.certain) == (Action.GIVE, True)
    assert "protein excretion rate within 21 days up to 2021-03-08" in found.not_looked_at


def test_an_event_whose_relation_to_the_drug_is_not_told_is_not_taken_for_unrelated(in_a: Ward) -> None:
    in_a.bled(0)
    in_a.take(0, None, "12")
    event = in_a.event("Hypertension", "3", 5)
    for row in event.drugs.all():
        change_form(
            actor=in_a.coordinator,
            record=event,
            version=event.version,
            reason="entered in error",
            data={},
            rows={"drugs": [{"repeat": row.repeat, "entered_in_error": True}]},
        )
        event.refresh_from_db()
    found = in_a.expected("LENVATINIB", 8)
    assert found.action is None
    assert found.missing == ("relation to the drug of adverse event 1 (Hypertension)",)


# ---------------------------------------------------------------- toripalimab
@pytest.mark.parametrize(
    ("baseline", "given", "held", "stopped"), [("30", "150", "151", "401"), ("60", "250", "251", "501")]
)
def test_hepatitis_is_judged_by_the_baseline_with_tumor_in_the_liver(
    ward: Callable[..., Ward], baseline: str, given: str, held: str, stopped: str
) -> None:
    admitted = ward("A", results={"ALT": (baseline, "U/L")})
    admitted.approve()
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    for later, alt, action in (
        (21, given, Action.GIVE),
        (42, held, Action.HOLD),
        (63, stopped, Action.STOP),
        (84, "30", Action.STOP),
    ):
        admitted.bled(later, COUNTS | CHEMISTRY | {"ALT": (alt, "U/L")})
        found = admitted.expected("TORIPALIMAB", later)
        assert found.action is action
        assert found.dose == (240 if action is Action.GIVE else 0)


@pytest.mark.parametrize("one_day", [("30", "60"), ("60", "30")])
def test_where_no_times_say_which_baseline_came_last_only_what_both_say_is_certain(
    ward: Callable[..., Ward], one_day: tuple[str, str]
) -> None:
    admitted = ward("A")
    for alt in one_day:
        admitted.bled(-1, {"ALT": (alt, "U/L")})
    admitted.approve()
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    admitted.bled(21, COUNTS | CHEMISTRY | {"ALT": ("150", "U/L")})
    assert admitted.expected("TORIPALIMAB", 21).action is Action.GIVE
    admitted.bled(42, COUNTS | CHEMISTRY | {"ALT": ("151", "U/L")})
    found = admitted.expected("TORIPALIMAB", 42)
    assert found.action is None
    assert "without times that say which came last" in found.words


def test_a_second_colitis_of_grade_3_stops_toripalimab(in_a: Ward) -> None:
    in_a.infuse("TORIPALIMAB", 0, "240", in_a.cycle(1, 0))
    in_a.event("Colitis", "3", 5, 30, causes=("TORIPALIMAB",))
    in_a.bled(20)
    assert in_a.expected("TORIPALIMAB", 21).action is Action.HOLD
    in_a.event("Colitis", "3", 50, causes=("TORIPALIMAB",))
    in_a.bled(60)
    found = in_a.expected("TORIPALIMAB", 63)
    assert (found.action, codes(found.rows)) == (Action.STOP, {"TOR-05"})


def test_facts_after_the_cutoff_change_nothing(in_a: Ward) -> None:
    in_a.bled(0)
    in_a.infuse("TORIPALIMAB", 0, "240", in_a.cycle(1, 0))
    in_a.bled(20)
    in_a.event("Pneumonitis", "4", 15, causes=("TORIPALIMAB",))
    assert in_a.expected("TORIPALIMAB", 21).action is Action.STOP
    assert in_a.expected("TORIPALIMAB", 14, cutoff=day(14)).action is not Action.STOP


# ---------------------------------------------------------------- beside what was given
def test_a_dose_by_surface_may_differ_by_the_tolerance(in_b: Ward) -> None:
    in_b.bled(0)
    in_b.infuse("GEMCITABINE", 0, "1683.25", in_b.cycle(1, 0))
    facts, expected = in_b.facts(), in_b.expected("GEMCITABINE", 0)
    given = given_on(facts, in_b.subject, in_b.drug("GEMCITABINE"), day(0))
    assert given is not None
    for dose, truth in (
        ("1683.25", Truth.NO),
        ("1600", Truth.NO),
        ("1767", Truth.NO),
        ("1590", Truth.YES),
        ("1768", Truth.YES),
        ("0", Truth.YES),
    ):
        had = replace(given, amount=Decimal(dose))
        assert differs(facts, in_b.subject, expected, had) is truth, dose


def test_what_is_not_recorded_is_not_a_departure(in_b: Ward) -> None:
    in_b.bled(0)
    assert departs(in_b, "GEMCITABINE", 0) is Truth.UNKNOWN
    in_b.infuse("GEMCITABINE", 0, None, in_b.cycle(1, 0))
    assert departs(in_b, "GEMCITABINE", 0) is Truth.UNKNOWN


def test_a_dose_left_out_when_it_is_to_be_held_is_no_departure(in_b: Ward) -> None:
    in_b.bled(0, COUNTS | CHEMISTRY | {"PLAT": ("62", "10*9/L")})
    in_b.infuse("OXALIPLATIN", 0, "0", in_b.cycle(1, 0), given="N")
    assert departs(in_b, "OXALIPLATIN", 0) is Truth.NO
    assert draft(in_b, "OXALIPLATIN", 0) is None


def test_a_dose_given_where_the_table_holds_it_drafts_a_deviation_with_the_row_that_says_so(
    in_b: Ward,
) -> None:
    in_b.bled(0, COUNTS | CHEMISTRY | {"PLAT": ("62", "10*9/L")})
    form = in_b.infuse("OXALIPLATIN", 0, "143", in_b.cycle(1, 0), difference="ROUNDING")
    found = draft(in_b, "OXALIPLATIN", 0)
    assert (found.occurred_on, found.category, found.forms) == (day(0), "DOSING", (form,))
    assert found.description == (
        "Oxaliplatin on 2021-03-08: given 143 mg (reason given: Rounded to the vial or capsule); expected: "
        "hold, because of OXA-02 “Platelets too low for the start of a course”: "
        "platelets 62 ×10⁹/L on 2021-03-08."
    )
    assert found.rule.endswith("version 1 OXA-02")
    assert {source.form for source in found.sources} == {"EC", "LB"}


def test_less_than_expected_is_no_departure_while_something_is_missing(in_b: Ward) -> None:
    visit = in_b.cycle(1, 0)
    in_b.visit_on("C1D8", 7)
    in_b.bled(7, {"PLAT": ("60", "10*9/L")})
    in_b.infuse("GEMCITABINE", 0, "1683.25", visit)
    in_b.infuse("GEMCITABINE", 7, "800")
    assert departs(in_b, "GEMCITABINE", 7) is Truth.UNKNOWN


def test_more_than_expected_is_a_departure_although_something_is_missing(in_b: Ward) -> None:
    visit = in_b.cycle(1, 0)
    in_b.visit_on("C1D8", 7)
    in_b.bled(7, {"PLAT": ("60", "10*9/L")})
    in_b.infuse("GEMCITABINE", 0, "1683.25", visit)
    in_b.infuse("GEMCITABINE", 7, "1683.25")
    assert departs(in_b, "GEMCITABINE", 7) is Truth.YES


def test_a_daily_drug_is_looked_at_when_its_dose_begins_and_after_each_day_1(in_a: Ward) -> None:
    in_a.bled(0)
    in_a.take(0, 20, "12")
    in_a.event("Hypertension", "3", 10, 20, causes=("LENVATINIB",))
    in_a.bled(20)
    in_a.take(21, None, "12")
    days = [each.occurred_on for each in dose_departures(in_a.facts(), in_a.subject)]
    assert days == [day(21)]
    in_a.cycle(1, 12)
    days = [each.occurred_on for each in dose_departures(in_a.facts(), in_a.subject)]
    assert days == [day(13), day(21)]


def test_two_periods_for_one_day_contradict_each_other_and_draft_nothing(in_a: Ward) -> None:
    in_a.bled(0)
    in_a.take(0, 10, "12")
    in_a.take(5, 10, "8")
    assert given_on(in_a.facts(), in_a.subject, in_a.drug("LENVATINIB"), day(5)).amount is None
    assert departs(in_a, "LENVATINIB", 5) is Truth.UNKNOWN


def test_the_table_is_read_once_for_a_subject_and_not_for_each_day(
    in_b: Ward, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        in_b.bled(21 * number)
        in_b.infuse("OXALIPLATIN", 21 * number, "143", in_b.cycle(number + 1, 21 * number))
    facts, drug = in_b.facts(), in_b.drug("OXALIPLATIN")
    with django_assert_max_num_queries(45):
        for number in range(3):
            dose_departure(facts, in_b.subject, drug, day(21 * number))


def test_the_moment_of_recording_is_that_of_the_facts(in_b: Ward) -> None:
    before = datetime.now(UTC)
    in_b.bled(0, COUNTS | CHEMISTRY | {"PLAT": ("20", "10*9/L")})
    assert in_b.expected("OXALIPLATIN", 0).action is Action.HOLD
    assert in_b.expected("OXALIPLATIN", 0, as_of=before).action is None
