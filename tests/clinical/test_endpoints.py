from dataclasses import replace
from decimal import Decimal

import pytest

from tests.clinical.endpoint_histories import (
    day,
    died,
    happened,
    history,
    reported,
    resected,
    scan,
    therapy,
)
from trials.clinical.endpoints.duration_of_response import duration_of_response
from trials.clinical.endpoints.overall_survival import overall_survival
from trials.clinical.endpoints.progression_free_survival import progression_free_survival
from trials.clinical.endpoints.result import Outcome
from trials.clinical.endpoints.rules import (
    IN_WORDS,
    TABLE,
    AliveAfterCutoff,
    Censoring,
    Discontinuation,
    Handling,
    Origin,
    Rules,
    Situation,
)
from trials.clinical.recist.course import ProgressionDate

FDA, EMA = Rules(), Rules(censoring=Censoring.EMA)
STABLE = (scan(43, "SD"), scan(85, "SD"))


def pfs(rules=FDA, **what):
    """Outcome, study day and rule of a progression-free survival."""
    found = progression_free_survival(history(**what), rules)
    assert found.time, found.words
    return found.outcome.value, found.time.days, found.time.rule.value


CENSORING = [
    # what is known                                       FDA                                EMA
    (
        "progression on schedule",
        {"assessments": (*STABLE, scan(127, "PD"))},
        ("EVENT", 127, "PROGRESSION"),
        ("EVENT", 127, "PROGRESSION"),
    ),
    (
        "death on schedule",
        {"assessments": STABLE, "death": died(110)},
        ("EVENT", 110, "DEATH"),
        ("EVENT", 110, "DEATH"),
    ),
    (
        "no baseline scan, alive",
        {"baseline": None, "assessments": STABLE},
        *[("CENSORED", 1, "NO_BASELINE")] * 2,
    ),
    ("no scan after baseline, alive", {}, *[("CENSORED", 1, "NO_ASSESSMENT")] * 2),
    (
        "a scan after baseline that could not be judged, alive",
        {"assessments": (scan(43, "NE"),)},
        *[("CENSORED", 1, "NO_ASSESSMENT")] * 2,
    ),
    ("no scan, death within two intervals", {"death": died(92)}, *[("EVENT", 92, "DEATH")] * 2),
    (
        "no scan, death after two intervals",
        {"death": died(93)},
        ("CENSORED", 1, "MISSED_ASSESSMENTS"),
        ("EVENT", 93, "DEATH"),
    ),
    ("no progression, alive", {"assessments": STABLE}, *[("CENSORED", 85, "NO_EVENT")] * 2),
    (
        "the last scan could not be judged",
        {"assessments": (*STABLE, scan(127, "NE"))},
        *[("CENSORED", 85, "NO_EVENT")] * 2,
    ),
    (
        "new therapy before progression",
        {"assessments": (*STABLE, scan(127, "PD")), "new_therapies": (therapy(100),)},
        ("CENSORED", 85, "NEW_THERAPY"),
        ("EVENT", 127, "PROGRESSION"),
    ),
    (
        "new therapy on the day of progression",
        {"assessments": (*STABLE, scan(127, "PD")), "new_therapies": (therapy(127),)},
        *[("EVENT", 127, "PROGRESSION")] * 2,
    ),
    (
        "new therapy on the day of a scan without progression",
        {"assessments": (*STABLE, scan(127, "PD")), "new_therapies": (therapy(85),)},
        ("CENSORED", 85, "NEW_THERAPY"),
        ("EVENT", 127, "PROGRESSION"),
    ),
    (
        "new therapy and no event",
        {"assessments": (*STABLE, scan(127, "SD")), "new_therapies": (therapy(100),)},
        ("CENSORED", 85, "NEW_THERAPY"),
        ("CENSORED", 127, "NO_EVENT"),
    ),
    (
        "new therapy before any scan",
        {"assessments": (scan(43, "PD"),), "new_therapies": (therapy(20),)},
        ("CENSORED", 1, "NEW_THERAPY"),
        ("EVENT", 43, "PROGRESSION"),
    ),
    (
        "progression after one missed assessment",
        {"assessments": (*STABLE, scan(169, "PD"))},
        *[("EVENT", 169, "PROGRESSION")] * 2,
    ),
    (
        "progression after two missed assessments",
        {"assessments": (*STABLE, scan(211, "PD"))},
        ("CENSORED", 85, "MISSED_ASSESSMENTS"),
        ("EVENT", 211, "PROGRESSION"),
    ),
    (
        "progression after one missed assessment and one that could not be judged",
        {"assessments": (*STABLE, scan(169, "NE"), scan(211, "PD"))},
        ("CENSORED", 85, "MISSED_ASSESSMENTS"),
        ("EVENT", 211, "PROGRESSION"),
    ),
    (
        "two missed assessments, seen again, then progression",
        {"assessments": (*STABLE, scan(211, "SD"), scan(253, "PD"))},
        *[("EVENT", 253, "PROGRESSION")] * 2,
    ),
    (
        "death while the second missed assessment could still have come",
        {"assessments": STABLE, "death": died(176)},
        *[("EVENT", 176, "DEATH")] * 2,
    ),
    (
        "death after the window of the second missed assessment",
        {"assessments": STABLE, "death": died(177)},
        ("CENSORED", 85, "MISSED_ASSESSMENTS"),
        ("EVENT", 177, "DEATH"),
    ),
    (
        "treatment ended for toxicity before progression",
        {"assessments": (*STABLE, scan(127, "PD")), "discontinuation": happened(90, "the end of treatment")},
        ("CENSORED", 85, "DISCONTINUATION"),
        ("EVENT", 127, "PROGRESSION"),
    ),
    (
        "progression reported without scans",
        {"assessments": STABLE, "reported_progressions": (reported(100),)},
        ("CENSORED", 85, "NO_EVENT"),
        ("EVENT", 100, "REPORTED_PROGRESSION"),
    ),
    (
        "progression reported without scans, later seen on one",
        {"assessments": (*STABLE, scan(127, "PD")), "reported_progressions": (reported(100),)},
        ("EVENT", 127, "PROGRESSION"),
        ("EVENT", 100, "REPORTED_PROGRESSION"),
    ),
    (
        "progression reported without scans, then death",
        {"assessments": STABLE, "reported_progressions": (reported(100),), "death": died(120)},
        ("EVENT", 120, "DEATH"),
        ("EVENT", 100, "REPORTED_PROGRESSION"),
    ),
    (
        "treatment ended for progression that no scan shows, then death",
        {
            "assessments": STABLE,
            "reported_progressions": (reported(100, ended_treatment=True),),
            "death": died(120),
        },
        ("CENSORED", 85, "UNDOCUMENTED_PROGRESSION"),
        ("EVENT", 100, "UNDOCUMENTED_PROGRESSION"),
    ),
    (
        "progression on the day on which new therapy began",
        {"assessments": (*STABLE, scan(127, "PD")), "new_therapies": (therapy(127),)},
        *[("EVENT", 127, "PROGRESSION")] * 2,
    ),
]


@pytest.mark.parametrize(("what", "known", "fda", "ema"), CENSORING, ids=[row[0] for row in CENSORING])
def test_each_situation_is_censored_as_the_rules_of_either_agency_say(what, known, fda, ema):
    assert (pfs(FDA, **known), pfs(EMA, **known)) == (fda, ema)


RESECTED = {"assessments": (*STABLE, scan(127, "SD"), scan(169, "PD")), "resections": (resected(100),)}


@pytest.mark.parametrize(
    ("handling", "expected"),
    [
        (Handling.IGNORE, ("EVENT", 169, "PROGRESSION")),
        (Handling.CENSOR, ("CENSORED", 85, "RESECTION")),
        (Handling.EVENT, ("EVENT", 100, "RESECTION")),
    ],
)
@pytest.mark.parametrize("rules", [FDA, EMA], ids=["FDA", "EMA"])
def test_a_resection_after_downstaging_counts_as_the_setting_says(rules, handling, expected):
    assert pfs(replace(rules, resection=handling), **RESECTED) == expected
    decided = RESECTED | {"resections": (resected(100, handling),)}
    assert pfs(replace(rules, resection=Handling.IGNORE), **decided) == expected


def test_the_end_of_treatment_for_toxicity_may_be_followed_instead():
    known = {
        "assessments": (*STABLE, scan(127, "PD")),
        "discontinuation": happened(90, "the end of treatment"),
    }
    assert pfs(Rules(discontinuation=Discontinuation.FOLLOW), **known) == ("EVENT", 127, "PROGRESSION")


@pytest.mark.parametrize(
    ("handling", "expected"),
    [
        (Handling.IGNORE, ("EVENT", 127, "PROGRESSION")),
        (Handling.CENSOR, ("CENSORED", 85, "REPORTED_PROGRESSION")),
        (Handling.EVENT, ("EVENT", 100, "REPORTED_PROGRESSION")),
    ],
)
def test_clinical_progression_counts_under_the_rules_of_the_fda_as_the_setting_says(handling, expected):
    known = {"assessments": (*STABLE, scan(127, "PD")), "reported_progressions": (reported(100),)}
    assert pfs(Rules(clinical_progression=handling), **known) == expected
    assert pfs(replace(EMA, clinical_progression=handling), **known)[1] == 100


def test_the_end_of_treatment_for_progression_that_no_scan_shows_may_be_followed_instead():
    known = {
        "assessments": STABLE,
        "reported_progressions": (reported(100, ended_treatment=True),),
        "death": died(120),
    }
    assert pfs(Rules(discontinuation=Discontinuation.FOLLOW), **known) == ("EVENT", 120, "DEATH")


def test_one_missed_assessment_is_a_gap_where_the_setting_says_so():
    known = {"assessments": (*STABLE, scan(169, "PD"))}
    assert pfs(Rules(missed_assessments=1), **known) == ("CENSORED", 85, "MISSED_ASSESSMENTS")


def test_what_happened_before_a_gap_names_the_rule():
    known = {"assessments": (*STABLE, scan(253, "PD")), "new_therapies": (therapy(100),)}
    assert pfs(FDA, **known) == ("CENSORED", 85, "NEW_THERAPY")


def test_a_late_scan_stands_for_the_planned_one_that_is_nearest():
    known = {
        "assessments": (*STABLE, scan(182, "PD"))
    }  # planned 169, window to 176; the one of 127 was missed
    assert pfs(FDA, **known) == ("EVENT", 182, "PROGRESSION")


@pytest.mark.parametrize(
    ("setting", "expected"), [(ProgressionDate.LAST_SCAN, 130), (ProgressionDate.FIRST_SCAN, 127)]
)
def test_progression_by_growth_counts_from_the_scan_that_the_setting_names(setting, expected):
    known = {"assessments": (*STABLE, scan(127, "PD", last=130))}
    assert pfs(Rules(progression_date=setting), **known) == ("EVENT", expected, "PROGRESSION")


def test_progression_by_a_new_lesion_counts_from_the_scan_that_showed_it():
    alone = scan(127, "PD", last=130, new_lesion_on=128)
    assert pfs(FDA, assessments=(*STABLE, alone)) == ("EVENT", 128, "PROGRESSION")
    both = scan(127, "PD", last=130, new_lesion_on=129, grew=True)
    assert pfs(Rules(progression_date=ProgressionDate.FIRST_SCAN), assessments=(*STABLE, both))[1] == 127


def test_a_censored_time_ends_with_the_last_scan_of_the_assessment():
    assert pfs(FDA, assessments=(scan(43, "SD", last=46),)) == ("CENSORED", 46, "NO_EVENT")


def test_the_first_day_counts_unless_the_setting_says_otherwise():
    known = history(assessments=(*STABLE, scan(127, "PD")))
    time = progression_free_survival(known, FDA).time
    assert (time.days, round(time.months, 4)) == (127, Decimal("4.1725"))
    assert progression_free_survival(known, Rules(plus_one_day=False)).time.days == 126
    assert progression_free_survival(known, Rules(month_days=Decimal(30))).time.months == Decimal(127) / 30


def test_time_may_count_from_the_first_dose():
    known = {"assessments": (*STABLE, scan(127, "PD"))}
    assert pfs(Rules(origin=Origin.FIRST_DOSE), **known) == ("EVENT", 124, "PROGRESSION")


@pytest.mark.parametrize("endpoint", [progression_free_survival, overall_survival])
def test_without_the_day_from_which_time_counts_nothing_is_determined(endpoint):
    never_dosed = endpoint(history(first_dose=None), Rules(origin=Origin.FIRST_DOSE))
    assert (never_dosed.outcome, never_dosed.missing) == (Outcome.UNDETERMINED, ("day of the first dose",))
    assert endpoint(history(randomized=None), FDA).missing == ("day of randomization",)


def test_survival_ends_with_death_or_with_the_last_sign_of_life():
    seen = {"assessments": STABLE, "alive": (happened(300, "a contact"), happened(200, "a visit"))}
    alive = overall_survival(history(**seen), FDA)
    assert (alive.outcome, alive.time.days) == (Outcome.CENSORED, 300)
    dead = overall_survival(history(**seen, death=died(310)), FDA)
    assert (dead.outcome, dead.time.days, dead.time.rule) == (Outcome.EVENT, 310, Situation.DEATH)
    assert overall_survival(history(), FDA).time.days == 1


def test_a_progression_that_was_told_shows_the_subject_alive_on_its_day():
    known = history(assessments=STABLE, reported_progressions=(reported(100),))
    assert overall_survival(known, EMA).time.days == 100
    assert progression_free_survival(known, EMA).time.days == 100
    dead_before = replace(known, death=died(95))
    assert overall_survival(dead_before, EMA).outcome is Outcome.UNDETERMINED


def test_a_scan_is_a_sign_of_life():
    assert overall_survival(history(assessments=STABLE), FDA).time.days == 85


def test_what_lies_after_the_cutoff_is_left_out():
    known = history(
        assessments=(*STABLE, scan(127, "PD")), death=died(200), alive=(happened(190, "a visit"),)
    )
    early = replace(known, cutoff=day(126))
    assert progression_free_survival(early, FDA).time.days == 85
    assert overall_survival(early, FDA).outcome is Outcome.CENSORED
    assert overall_survival(replace(known, cutoff=day(200)), FDA).outcome is Outcome.EVENT
    assert overall_survival(replace(known, cutoff=day(0)), FDA).outcome is Outcome.UNDETERMINED


LATER = {
    "a contact after it": {"alive": (happened(190, "a contact"),)},
    "a death after it": {"death": died(190)},
    "a scan after it": {"assessments": (*STABLE, scan(190, "SD"))},
    "progression after it": {"reported_progressions": (reported(190),)},
    "something told after it": {"told_later": (happened(190, "a contact"),)},
}


@pytest.mark.parametrize("known", LATER.values(), ids=LATER)
def test_who_is_known_alive_after_the_cutoff_is_censored_on_it_or_where_the_setting_says_so_before(known):
    cut = history(**{"assessments": STABLE} | known, cutoff=day(126))
    on_it = overall_survival(cut, FDA)
    assert (on_it.outcome, on_it.time.on) == (Outcome.CENSORED, day(126))
    assert f"({day(190)}), after the data cut-off ({day(126)})" in on_it.words
    before = overall_survival(cut, Rules(alive_after_cutoff=AliveAfterCutoff.LAST_CONTACT))
    assert (before.outcome, before.time.on) == (Outcome.CENSORED, day(85))


def test_what_is_told_after_the_cutoff_of_a_day_before_it_counts_for_that_day():
    cut = history(assessments=STABLE, told_later=(happened(120, "a contact"),), cutoff=day(126))
    assert overall_survival(cut, FDA).time.on == day(120)
    assert overall_survival(cut, Rules(alive_after_cutoff=AliveAfterCutoff.LAST_CONTACT)).time.on == day(85)


def test_a_month_that_may_lie_before_the_cutoff_does_not_show_the_subject_alive_on_it():
    cut = history(assessments=STABLE, told_later=(happened("2021-05", "a contact"),), cutoff=day(126))
    assert overall_survival(cut, FDA).time.on.isoformat() == "2021-05-01"


def test_a_death_up_to_the_cutoff_is_contradicted_by_a_sign_of_life_after_it():
    cut = history(assessments=STABLE, death=died(120), told_later=(happened(190, "a contact"),))
    assert overall_survival(replace(cut, cutoff=day(126)), FDA).outcome is Outcome.UNDETERMINED


def test_an_assessment_that_the_cutoff_cuts_short_is_told_and_does_not_count():
    cut = history(assessments=STABLE, unfinished=(happened(125, "assessment week 18"),), cutoff=day(126))
    found = progression_free_survival(cut, FDA)
    assert found.time.on == day(85)
    assert f"Assessment week 18 ({day(125)}) does not count: its scans went on after" in found.words


def test_the_duration_of_a_response_counts_from_the_response():
    known = history(assessments=(scan(43, "PR"), scan(85, "PR"), scan(127, "PD")))
    found = duration_of_response(known, FDA, happened(43, "the first response"))
    assert (found.outcome, found.time.days, found.time.rule) == (Outcome.EVENT, 85, Situation.PROGRESSION)
    assert found.steps[0].words == f"Counted from the first response on {day(43)}."
    censored = duration_of_response(
        replace(known, new_therapies=(therapy(100),)), FDA, happened(43, "the first response")
    )
    assert (censored.outcome, censored.time.days) == (Outcome.CENSORED, 43)


def test_no_response_has_no_duration():
    assert duration_of_response(history(), FDA, None).outcome is Outcome.NOT_APPLICABLE


def test_a_response_after_the_end_of_follow_up_has_no_duration():
    known = history(assessments=(scan(43, "SD"), scan(85, "PR")), new_therapies=(therapy(50),))
    found = duration_of_response(known, FDA, happened(85, "the first response"))
    assert found.outcome is Outcome.NOT_APPLICABLE


def test_every_step_that_rests_on_a_record_names_it():
    known = history(assessments=(*STABLE, scan(127, "PD")), new_therapies=(therapy(100),))
    found = progression_free_survival(known, FDA)
    assert found.words.endswith(
        f"New anticancer therapy ({day(100)}), before any event. "
        f"What came later does not count: progression ({day(127)}). "
        f"Last adequate assessment that counts: SD on {day(85)}. "
        f"Censored on {day(85)}: 85 days, 2.79 months."
    )
    named = [step.sources for step in found.steps[-4:]]
    assert named == [("new anticancer therapy", 100), ("scan", 127), ("scan", 85), ()]


def test_what_is_ignored_is_said():
    known = {"assessments": (*STABLE, scan(127, "PD")), "new_therapies": (therapy(100),)}
    assert "New anticancer therapy (2021-04-10): ignored by the rules." in (
        progression_free_survival(history(**known), EMA).words
    )


def test_the_table_says_of_every_situation_that_it_handles_what_either_agency_does():
    results = {Situation.NO_ASSESSMENT, Situation.NO_EVENT}
    assert set(TABLE) == set(Situation) - results
    assert all(set(row) == set(Censoring) for row in TABLE.values())
    assert set(IN_WORDS) == set(Situation)


@pytest.mark.parametrize(
    ("field", "value"),
    [("missed_assessments", 0), ("month_days", Decimal(0)), ("month_days", Decimal("NaN"))],
)
def test_rules_that_cannot_be_are_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        Rules(**{field: value})
