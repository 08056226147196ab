"""What a protocol says about doses names drugs, days and tests that exist; nothing is left to a default."""

from pathlib import Path

import pytest

from tests.trials.protocol.paths import REGISTRY, SECOND, copied, edited, faults

REGIMEN, SETTINGS = "drugs_and_regimen.yaml", "settings.yaml"
TOLERANCE, COUNTS = "settings.yaml: settings[6] (dose_tolerance_percent)", "(minimum_counts_before_dose)"

# file, text that is replaced, its replacement, what is said of it
FAULTS = [
    (
        REGIMEN,
        ", cycle_length_days: 28",
        "",
        "regimen[1] (Y YPRIL): cycle_length_days: is required for a drug given on days of a cycle",
    ),
    (
        REGIMEN,
        "cycle_length_days: 28",
        "cycle_length_days: 0",
        "regimen[1] (Y YPRIL): cycle_length_days: must be 1 or more",
    ),
    (
        REGIMEN,
        "frequency: QD",
        "frequency: QD, maximum_cycles: 6",
        "regimen[0] (X XOLOL): maximum_cycles: is for a drug given on days of a cycle",
    ),
    ("schedule.yaml", "arm: Y, ", "", "schedule.yaml: visits[1] (MONTH): anchor: arm X has no cycles"),
    (
        SETTINGS,
        "value: {XOLOL: 0, YPRIL: 4}",
        "value: {XOLOL: 0}",
        f"{TOLERANCE}: value: YPRIL: is required (0 where only the planned dose will do)",
    ),
    (
        SETTINGS,
        "value: {XOLOL: 0, YPRIL: 4}",
        "value: {XOLOL: 0, YPRIL: 4, ZOFRAN: 1}",
        f"{TOLERANCE}: value: ZOFRAN: is not one of the drugs",
    ),
    (
        SETTINGS,
        "value: {XOLOL: 0, YPRIL: 4}",
        "value: 4",
        f"{TOLERANCE}: value: must be a mapping by the code of a drug",
    ),
    (
        SETTINGS,
        "key: dose_tolerance_percent",
        "key: tolerance_in_percent",
        "settings.yaml: settings (dose_tolerance_percent): value: XOLOL: is required "
        "(0 where only the planned dose will do)",
    ),
    (
        SETTINGS,
        'value: {YPRIL: {"1": {K: {',
        'value: {YPRIL: {"2": {K: {',
        f"{COUNTS}: value: YPRIL: 2: is no day on which the drug is given",
    ),
    (
        SETTINGS,
        'value: {YPRIL: {"1": {K: {at_least: 3.5, unit: mmol/L}',
        'value: {YPRIL: {"1": {NA: {at_least: 3.5, unit: mmol/L}',
        f"{COUNTS}: value: YPRIL: 1: NA: is not one of the tests",
    ),
    (
        SETTINGS,
        'value: {YPRIL: {"1": {K: {at_least: 3.5, unit: mmol/L}',
        'value: {YPRIL: {"1": {K: {at_least: 3.5, unit: mg/dL}',
        f"{COUNTS}: value: YPRIL: 1: K: unit: must be one of mmol/L",
    ),
    (
        SETTINGS,
        "key: hematology_before_dose_days",
        "key: hematology_before_doses",
        f"{COUNTS}: value: needs the setting hematology_before_dose_days, which must be a whole number",
    ),
    (
        SETTINGS,
        "value: {XOLOL: [90, 110]}",
        "value: {YPRIL: [90, 110]}",
        "(compliance_percent): value: YPRIL: is for drugs whose route is ORAL",
    ),
    (
        SETTINGS,
        "value: {YPRIL: {first: 45, later: 20}}",
        "value: {XOLOL: {first: 45, later: 20}}",
        "(minimum_infusion_minutes): value: XOLOL: is for drugs whose route is INTRAVENOUS",
    ),
    (
        SETTINGS,
        "value: [{test: K, flag: LOW, needs: GLUC,",
        "value: [{test: K, flag: LOW, needs: INSULIN,",
        "(follow_up_tests): value: 0: needs: “INSULIN” is not one of the tests",
    ),
    (
        SETTINGS,
        "value: [{test: K, flag: LOW,",
        "value: [{test: K, from_word: 2+,",
        "(follow_up_tests): value: 0: from_word: results of K are numbers",
    ),
    (
        SETTINGS,
        "value: [{test: K, flag: LOW, needs: GLUC,",
        "value: [{test: K, flag: LOW, needs: K,",
        "(follow_up_tests): value: 0: needs: must be another test than the one that asks for it",
    ),
    (
        SETTINGS,
        'value: {YPRIL: {"1": {K: {',
        'value: {YPRIL: {"01": {K: {',
        f"{COUNTS}: value: YPRIL: 01: must be a whole number",
    ),
    (
        SETTINGS,
        "key: hematology_before_dose_days\n    value: 4",
        "key: hematology_before_dose_days\n    value: 99999999999",
        f"{COUNTS}: value: needs the setting hematology_before_dose_days, which must be a whole number",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), FAULTS)
def test_a_fault_is_told_with_its_place_and_reason(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    directory = copied(SECOND, tmp_path)
    edited(directory / file, old, new)
    assert [line for line in faults(directory) if said in line], faults(directory)


@pytest.mark.parametrize("written", ["five", "'1_0'", "'1e1'", "'٥'", "NaN", "'0.0000000001'"])
def test_a_number_of_a_setting_is_written_in_one_way(tmp_path: Path, written: str) -> None:
    directory = copied(SECOND, tmp_path)
    edited(directory / SETTINGS, "value: {XOLOL: 0, YPRIL: 4}", f"value: {{XOLOL: {written}, YPRIL: 4}}")
    [said] = faults(directory)
    assert said.startswith(f"{TOLERANCE}: value: XOLOL: must be a number")


def test_two_drugs_of_an_arm_share_one_length_of_a_cycle(tmp_path: Path) -> None:
    directory = copied(SECOND, tmp_path)
    tablet = (
        "frequency: QD, bands: [{from_kg: 0, below_kg: 70.5, dose_mg: 2.5}, {from_kg: 70.5, dose_mg: 5}]}"
    )
    edited(
        directory / REGIMEN,
        tablet,
        f"{tablet}\n  - {{arm: Y, drug: XOLOL, rule: FIXED, dose: 5, "
        "frequency: ONCE, days: [1], cycle_length_days: 21}",
    )
    assert faults(directory) == [
        "arms.yaml: arms[1] (Y): its drugs have cycle_length_days of 21 and 28; an arm has one cycle length"
    ]


@pytest.mark.parametrize("value", ["{}", "{LENVATINIB: PERHAPS}"])
def test_what_follows_the_last_course_of_the_others_is_decided(tmp_path: Path, value: str) -> None:
    directory = copied(REGISTRY, tmp_path)
    edited(
        directory / SETTINGS,
        "    value: {LENVATINIB: CONTINUE_TO_PROGRESSION}",
        f"    value: {value}",
    )
    [said] = faults(directory)
    assert "(after_courses_of_others): value: LENVATINIB: " in said


def test_a_limit_of_the_dose_table_may_stand_in_the_mapping_of_a_setting(tmp_path: Path) -> None:
    directory = copied(REGISTRY, tmp_path)
    path = "minimum_counts_before_dose.OXALIPLATIN.1.NEUT.at_least"
    edited(
        directory / "dose_modifications.yaml", path, "minimum_counts_before_dose.OXALIPLATIN.8.NEUT.at_least"
    )
    assert faults(directory) == [
        "dose_modifications.yaml: dose_modification_tables[0] (1): modifications[64] (OXA-01): below: "
        "“minimum_counts_before_dose.OXALIPLATIN.8.NEUT.at_least” is not in the setting: "
        "it has no “8” there"
    ]
