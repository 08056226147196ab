import re
from datetime import date, timedelta

import pytest

from tests.clinical.recist_cases import DAY_0, at_days, from_weeks
from tests.clinical.reference import rows
from trials.clinical.recist.best_response import best_overall_response, first_response, response_history
from trials.clinical.recist.counting import AfterCompleteResponse, Assessment, Rules, counted
from trials.clinical.recist.response import Response
from trials.clinical.undetermined import Undetermined

STABLE_BETWEEN = re.compile(r"PR;W\d+:SD;W\d+:PR")
AS_REPORTED = Rules(stable_between=True, after_complete_response=AfterCompleteResponse.AS_REPORTED)
FIVE_WEEKS = Rules(confirmation_days=28, stable_minimum_days=35)


def best(assessments, rules=FIVE_WEEKS, confirmation=True, reference=DAY_0, **when):
    known = counted(assessments, rules, **when)
    return best_overall_response(known, rules, reference=reference, confirmation=confirmation)


def week(day: date) -> str:
    return f"W{(day - DAY_0).days // 7}"


@pytest.mark.parametrize("row", rows("recist11_bor_sequences.csv"), ids=lambda row: row["case"])
def test_the_best_response_of_a_sequence_agrees_with_the_reference_values(row):
    sequence = row["sequence(week:overall)"]
    stable_between = bool(STABLE_BETWEEN.search(sequence))
    rules = Rules(confirmation_days=28, stable_minimum_days=35, stable_between=stable_between)
    history = response_history(from_weeks(sequence), rules, reference=DAY_0)
    assert history.unconfirmed.response == row["expected_bor_unconfirmed"]
    confirmed = history.confirmed
    assert confirmed.response == row["expected_bor_confirmed_28d_SDmin_35d(5wk)"]
    met = week(confirmed.on) if confirmed.confirmed_on else ""
    assert met == row["first_confirmed_response_timepoint"]


@pytest.mark.parametrize(
    "row",
    rows("recist11_confirmed_bor_pairs.csv"),
    ids=lambda row: " ".join(list(row.values())[:3]),
)
def test_the_confirmed_best_response_of_two_time_points_agrees_with_the_published_table(row):
    first_day = 42 if row["sd_minimum_duration_met_at_first"] == "Y" else 21
    seen = at_days(
        (first_day, row["first_timepoint"]), (first_day + 28, row["second_timepoint_ge_4wk_later"])
    )
    assert best(seen).response == row["expected_bor_confirmation_required"]


ADMIRALONCO = {
    # scenario: rules, whether confirmation is asked, whether the day of progression is known
    "unconfirmed": (Rules(stable_minimum_days=28), False, False),
    "unconfirmed_with_pd": (Rules(stable_minimum_days=28), False, True),
    "confirmed_default": (Rules(stable_minimum_days=28), True, True),
    "confirmed_no_pd_source": (Rules(stable_minimum_days=28, stop_at_progression=False), True, False),
    "confirmed_14d_accept_sd": (
        Rules(
            confirmation_days=14,
            stable_minimum_days=28,
            not_evaluable_between=0,
            stable_between=True,
            without_assessment=Response.NE,
        ),
        True,
        True,
    ),
    "confirmed_response_flag_default": (Rules(), True, True),
}


def admiralonco(row):
    """Assessments, rules, first day of treatment, day of progression and whether confirmation is asked."""
    rules, confirmation, known = ADMIRALONCO[row["scenario"]]
    given = [each for each in rows("admiralonco_responses_input.csv") if each["subject"] == row["subject"]]
    seen = [
        Assessment(date.fromisoformat(each["assessment_date"]), Response(each["overall_response"]))
        for each in given
    ]
    if row["subject"] == "7" and row["scenario"] == "confirmed_14d_accept_sd":
        seen = [Assessment(date(2020, 4, 2), Response.ND)]
    start = next((date.fromisoformat(each["treatment_start"]) for each in given), DAY_0)
    missing = Response.NE if "missing_as_ne=T" in row["parameters"] else Response.MISSING
    options = {
        "after_complete_response": AfterCompleteResponse.AS_REPORTED,
        "without_assessment": missing,
    }
    return seen, replaced(rules, **options), start, progression_of(row) if known else None, confirmation


def replaced(rules: Rules, **options) -> Rules:
    return Rules(**{**vars(rules), **options})


def progression_of(row) -> date | None:
    """The day of progression from another source: of the input file, or written in the scenario."""
    if row["scenario"] == "unconfirmed_with_pd":
        written = dict(re.findall(r"subject (\d) = (\d{4}-\d\d-\d\d)", row["parameters"]))
        return date.fromisoformat(written[row["subject"]]) if row["subject"] in written else None
    records = rows("admiralonco_responses_input.csv")
    found = (each for each in records if each["subject"] == f"{row['subject']}_PDDATE")
    return next((date.fromisoformat(each["assessment_date"]) for each in found), None)


@pytest.mark.parametrize(
    "row", rows("admiralonco_bor_expected.csv"), ids=lambda row: f"{row['scenario']} {row['subject']}"
)
def test_the_best_response_agrees_with_admiralonco(row):
    seen, rules, start, progressed_on, confirmation = admiralonco(row)
    known = counted(seen, rules, progressed_on=progressed_on)
    if row["scenario"].startswith("confirmed_response_flag"):
        met = first_response(known, rules, confirmation=True)
        answer, on = ("Y", met.on) if met else ("N", None)
    else:
        found = best_overall_response(known, rules, reference=start, confirmation=confirmation)
        answer, on = found.response, found.on
    assert (answer, on.isoformat() if on else "") == (row["expected"], row["expected_date"])


def test_every_scenario_of_the_reference_values_is_read_with_its_own_parameters():
    named = {row["scenario"] for row in rows("admiralonco_bor_expected.csv")}
    assert named <= ADMIRALONCO.keys()


AS_REPORTED = AfterCompleteResponse.AS_REPORTED
NEVER = AfterCompleteResponse.NEVER_COMPLETE


@pytest.mark.parametrize(
    ("days", "expected"),
    [(27, "SD"), (28, "PR")],
)
def test_a_response_is_confirmed_from_28_days_on(days, expected):
    assert best(at_days((42, "PR"), (42 + days, "PR"))).response == expected


@pytest.mark.parametrize(("day", "expected"), [(34, "NE"), (35, "SD")])
def test_stable_disease_counts_from_35_days_after_the_reference_day(day, expected):
    assert best(at_days((day, "SD")), confirmation=False).response == expected


@pytest.mark.parametrize(("allowed", "expected"), [(0, "SD"), (1, "PR")])
def test_how_many_assessments_not_evaluable_may_lie_between_is_a_setting(allowed, expected):
    rules = replaced(FIVE_WEEKS, not_evaluable_between=allowed)
    for empty in ("NE", "ND"):
        assert best(at_days((42, "PR"), (63, empty), (84, "PR")), rules).response == expected


@pytest.mark.parametrize(
    ("sequence", "rules", "expected"),
    [
        ("CR NE CR", Rules(), "CR"),
        ("CR ND CR", Rules(), "CR"),
        ("PR NE PR", Rules(), "PR"),
        ("PR ND PR", Rules(), "PR"),
        ("PR NE CR", Rules(), "PR"),
        ("NE PR ND PR", Rules(), "PR"),
        ("PR NE ND PR", Rules(), "SD"),
        ("PR NE ND PR", Rules(not_evaluable_between=2), "PR"),
        ("CR NE PR", Rules(), "SD"),
        ("PR NE", Rules(), "SD"),
        ("PR SD PR", Rules(), "SD"),
        ("PR SD PR", Rules(stable_between=True), "PR"),
        ("PR SD NE PR", Rules(stable_between=True), "PR"),
        (
            "CR SD CR",
            Rules(stable_between=True, after_complete_response=AfterCompleteResponse.AS_REPORTED),
            "SD",
        ),
    ],
)
def test_what_could_not_be_judged_between_a_response_and_its_confirmation(sequence, rules, expected):
    seen = at_days(*((42 * place, word) for place, word in enumerate(sequence.split(), 1)))
    assert best(seen, rules).response == expected


def test_two_assessments_not_evaluable_between_are_named_as_the_reason():
    found = best(at_days((42, "PR"), (63, "NE"), (84, "NE"), (105, "PR")))
    assert found.words == (
        "SD: 2021-02-15, day 42 of 35 needed, "
        "PR not confirmed: 2 assessments not evaluable between, 1 allowed"
    )


def test_only_one_stable_assessment_may_lie_between_two_partial_responses():
    rules = replaced(FIVE_WEEKS, stable_between=True)
    assert best(at_days((42, "PR"), (63, "SD"), (84, "PR")), rules).response == "PR"
    assert best(at_days((42, "PR"), (63, "SD"), (84, "SD"), (105, "PR")), rules).response == "SD"
    assert best(at_days((42, "PR"), (63, "SD"), (84, "PR"))).response == "SD"


def test_stable_disease_never_lies_between_two_complete_responses():
    rules = replaced(FIVE_WEEKS, stable_between=True, after_complete_response=AS_REPORTED)
    assert best(at_days((42, "CR"), (63, "SD"), (84, "CR")), rules).response == "SD"


def test_disease_seen_again_after_a_complete_response_is_progression():
    history = response_history(at_days((42, "CR"), (84, "PR"), (126, "PR")), FIVE_WEEKS, reference=DAY_0)
    assert history.unconfirmed.response == "CR"
    assert history.confirmed.response == "SD"
    assert history.progression.on == DAY_0 + timedelta(days=84)
    assert history.counted.remarks == (
        "PR on 2021-03-29 counts as PD: disease is seen again after the complete response of 2021-02-15",
        "2021-05-10 does not count: progression on 2021-03-29",
    )


def test_a_complete_response_followed_by_less_may_be_read_as_never_complete():
    rules = replaced(FIVE_WEEKS, after_complete_response=NEVER)
    history = response_history(at_days((42, "CR"), (84, "PR")), rules, reference=DAY_0)
    assert (history.unconfirmed.response, history.confirmed.response) == ("PR", "PR")
    assert history.progression is None
    assert history.counted.remarks == (
        "CR on 2021-02-15 counts as PR: it never was complete: disease is seen on 2021-03-29",
    )


def test_a_complete_response_confirmed_before_stands_though_less_follows():
    rules = replaced(FIVE_WEEKS, after_complete_response=NEVER)
    history = response_history(at_days((42, "CR"), (84, "CR"), (126, "PR")), rules, reference=DAY_0)
    assert history.confirmed.response == "CR"
    assert history.progression.on == DAY_0 + timedelta(days=126)


def test_without_target_lesions_a_complete_response_that_never_was_counts_as_neither():
    rules = replaced(FIVE_WEEKS, after_complete_response=NEVER)
    assert best(at_days((42, "CR"), (84, "NON-CR/NON-PD")), rules).response == "NON-CR/NON-PD"


def test_progression_after_a_complete_response_does_not_unmake_it():
    rules = replaced(FIVE_WEEKS, after_complete_response=NEVER)
    assert best(at_days((42, "CR"), (84, "PD")), rules, confirmation=False).response == "CR"


def test_nothing_counts_from_the_day_new_anticancer_therapy_began():
    seen = at_days((42, "SD"), (84, "PR"))
    day = DAY_0 + timedelta(days=84)
    assert best(seen, confirmation=False, new_therapy_on=day).response == "SD"
    assert best(seen, confirmation=False, new_therapy_on=day + timedelta(days=1)).response == "PR"
    assert counted(seen, FIVE_WEEKS, new_therapy_on=day).remarks == (
        "2021-03-29 does not count: new anticancer therapy began on 2021-03-29",
    )


def test_an_assessment_of_the_day_of_progression_by_another_source_still_counts():
    seen = at_days((42, "SD"), (84, "PR"))
    on = DAY_0 + timedelta(days=84)
    assert best(seen, confirmation=False, progressed_on=on).response == "PR"
    assert best(seen, confirmation=False, progressed_on=on - timedelta(days=1)).response == "SD"


def test_the_first_confirmed_response_may_be_earlier_than_the_best_one():
    history = response_history(from_weeks("W6:PR;W12:CR;W18:CR"), FIVE_WEEKS, reference=DAY_0)
    assert (history.confirmed.response, week(history.confirmed.on)) == ("CR", "W12")
    met = history.first_confirmed
    assert (met.response, week(met.on), week(met.confirmed_on)) == ("PR", "W6", "W12")


def test_the_first_response_needs_no_confirmation_when_none_is_asked():
    history = response_history(from_weeks("W6:PR;W12:SD;W18:PR;W24:PR"), FIVE_WEEKS, reference=DAY_0)
    assert week(history.first.on) == "W6"
    assert week(history.first_confirmed.on) == "W18"


def test_without_a_reference_day_stable_disease_is_not_determined_but_a_response_is():
    unknown = best(at_days((42, "SD")), reference=None)
    assert unknown == Undetermined(("day from which the duration of stable disease counts",))
    assert best(at_days((42, "PR"), (84, "PR")), reference=None).response == "PR"


def test_a_subject_without_assessments_is_not_evaluable_or_missing_as_the_setting_says():
    assert best([]).response == "NE"
    assert best([], replaced(FIVE_WEEKS, without_assessment=Response.MISSING)).response == "MISSING"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("confirmation_days", -1),
        ("not_evaluable_between", -1),
        ("stable_minimum_days", -1),
        ("without_assessment", Response.PD),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        Rules(**{name: value})


@pytest.mark.parametrize("response", [Response.NA, Response.MISSING])
def test_an_assessment_has_a_response_that_an_assessment_can_have(response):
    with pytest.raises(ValueError, match="response"):
        Assessment(DAY_0, response)
