"""Every fault in a protocol is told with file, record, field and reason, all of them at once."""

from pathlib import Path

import pytest

from tests.trials.protocol.paths import REGISTRY, SECOND, copied, edited, faults
from trials.protocol.errors import ProtocolError
from trials.protocol.parsing import read_protocol

# file, text that is replaced, its replacement, the one line that is said
FAULTS = [
    (
        "laboratory.yaml",
        "panel: CHEMISTRY, unit: mmol/L}",
        "panel: CHEMISTRY}",
        "laboratory.yaml: tests[0] (K): unit: is required",
    ),
    ("study.yaml", "  phase: PHASE3\n", "", "study.yaml: study: phase: is required"),
    (
        "study.yaml",
        "enrollment: 30",
        "enrolment: 30\n  enrollment: 30",
        "study.yaml: study: enrolment: is not known",
    ),
    ("study.yaml", "2020-01-15", "2020-02-30", "study.yaml: study: start_date: is no day of the calendar"),
    (
        "study.yaml",
        "2020-01-15",
        "15.01.2020",
        "study.yaml: study: start_date: must be a day such as 2020-03-06",
    ),
    (
        "study.yaml",
        "2020-01-15",
        "2020-01-15 10:00:00",
        "study.yaml: study: start_date: must be a day such as 2020-03-06",
    ),
    (
        "study.yaml",
        "  condition: Hypertension",
        '  condition: ""',
        "study.yaml: study: condition: must not be empty",
    ),
    (
        "study.yaml",
        "  condition: Hypertension",
        "  condition: null",
        "study.yaml: study: condition: must not be null",
    ),
    (
        "study.yaml",
        "enrollment: 30",
        "enrollment: many",
        "study.yaml: study: enrollment: must be a whole number",
    ),
    (
        "study.yaml",
        "enrollment: 30",
        "enrollment: true",
        "study.yaml: study: enrollment: must be a whole number",
    ),
    (
        "study.yaml",
        'protocol_version: "2.1"',
        "protocol_version: 2.1",
        "study.yaml: study: protocol_version: must be text (put it in quotes)",
    ),
    (
        "study.yaml",
        "minimum_age: 40",
        "minimum_age: 40\n  maximum_age: 39",
        "study.yaml: study: maximum_age: lies below minimum_age",
    ),
    (
        "study.yaml",
        "2020-01-15",
        "2020-01-15\n  completion_date: 2020-01-14",
        "study.yaml: study: completion_date: lies before start_date",
    ),
    (
        "study.yaml",
        "code: BP-7",
        "code: BP 7",
        "study.yaml: study: code: letters, digits, dot, dash and underscore only",
    ),
    (
        "sites.yaml",
        "Europe/Oslo",
        "Europe/Atlantis",
        "sites.yaml: sites[0] (N1): time_zone: is not a zone of the tz database",
    ),
    ("sites.yaml", "code: S1", "code: N1", "sites.yaml: sites[1] (N1): code: is given twice"),
    ("arms.yaml", "ratio: 2", "ratio: 0", "arms.yaml: arms[0] (X): ratio: must be 1 or more"),
    (
        "drugs_and_regimen.yaml",
        "route: ORAL",
        "route: NASAL",
        "drugs_and_regimen.yaml: drugs[0] (XOLOL): route: must be one of ORAL, INTRAVENOUS",
    ),
    (
        "drugs_and_regimen.yaml",
        "dose: 12.5",
        "dose: 12.5 mg",
        "drugs_and_regimen.yaml: regimen[1] (Y YPRIL): dose: must be a decimal number such as 1.5",
    ),
    (
        "drugs_and_regimen.yaml",
        "dose: 12.5",
        "dose: 12.50001",
        "drugs_and_regimen.yaml: regimen[1] (Y YPRIL): dose: "
        "Ensure that there are no more than 3 decimal places.",
    ),
    (
        "drugs_and_regimen.yaml",
        "dose: 12.5",
        "dose: 0",
        "drugs_and_regimen.yaml: regimen[1] (Y YPRIL): dose: must be above zero",
    ),
    (
        "drugs_and_regimen.yaml",
        "arm: X, drug",
        "arm: Z, drug",
        "drugs_and_regimen.yaml: regimen[0] (Z XOLOL): arm: “Z” is not one of the arms",
    ),
    (
        "drugs_and_regimen.yaml",
        "from_kg: 70.5",
        "from_kg: 71",
        "drugs_and_regimen.yaml: regimen[0] (X XOLOL): bands: "
        "the weight bands leave a gap from 70.5 to 71 kg",
    ),
    (
        "drugs_and_regimen.yaml",
        "from_kg: 70.5",
        "from_kg: 70",
        "drugs_and_regimen.yaml: regimen[0] (X XOLOL): bands: two weight bands overlap at 70 kg",
    ),
    (
        "drugs_and_regimen.yaml",
        "rule: FIXED",
        "rule: BODY_SURFACE",
        "drugs_and_regimen.yaml: regimen[1] (Y YPRIL): unit: must be mg/m2 for this rule",
    ),
    (
        "drugs_and_regimen.yaml",
        "days: [1]",
        "days: [29]",
        "drugs_and_regimen.yaml: regimen[1] (Y YPRIL): days: a day lies behind the end of the cycle",
    ),
    (
        "drugs_and_regimen.yaml",
        "days: [1]",
        "days: []",
        "drugs_and_regimen.yaml: regimen[1] (Y YPRIL): days: is required for a drug given on single days",
    ),
    (
        "schedule.yaml",
        "window_after_days: visit_window",
        "window_after_days: visit_windo",
        "schedule.yaml: visits[0] (BASE): window_after_days: “visit_windo” is not one of the settings",
    ),
    (
        "schedule.yaml",
        "window_after_days: visit_window",
        "window_after_days: body_surface_formula",
        "schedule.yaml: visits[0] (BASE): window_after_days: must be a whole number",
    ),
    (
        "schedule.yaml",
        "window_after_days: visit_window",
        "window_after_days: visit_window + one",
        "schedule.yaml: visits[0] (BASE): window_after_days: “visit_window + one” is not one of the settings",
    ),
    (
        "schedule.yaml",
        "{form: LB,",
        "{form: LB, every_cycles: 0,",
        "schedule.yaml: visits[0] (BASE): forms[2] (LB CHEMISTRY): every_cycles: "
        "Ensure this value is greater than or equal to 1.",
    ),
    (
        "schedule.yaml",
        "{form: LB,",
        "{form: LB, due_for: MEN,",
        "schedule.yaml: visits[0] (BASE): forms[2] (LB CHEMISTRY): due_for: must be one of CHILDBEARING, "
        "DOSED",
    ),
    (
        "schedule.yaml",
        "panel: CHEMISTRY",
        "panel: HEMATOLOGY",
        "schedule.yaml: visits[0] (BASE): forms[2] (LB HEMATOLOGY): panel: no test belongs to “HEMATOLOGY”",
    ),
    (
        "schedule.yaml",
        "[IC, VS,",
        "[IC, IC,",
        "schedule.yaml: visits[0] (BASE): forms[1] (IC): form, panel: is given twice",
    ),
    (
        "eligibility.yaml",
        'question: "Is there asthma?", ',
        "",
        "eligibility.yaml: criteria[1] (EXCLUSION 1): rules[0] (E1): question: is required",
    ),
    (
        "eligibility.yaml",
        "code: E1",
        "code: I1",
        "eligibility.yaml: criteria[1] (EXCLUSION 1): rules[0] (I1): code: is given twice",
    ),
    (
        "eligibility.yaml",
        'threshold: "140"',
        "threshold: 140",
        "eligibility.yaml: criteria[0] (INCLUSION 1): rules[0] (I1): "
        "threshold: must be text (put it in quotes)",
    ),
    (
        "laboratory.yaml",
        "normal_word: NEGATIVE",
        "normal_word: NONE",
        "laboratory.yaml: tests[2] (KETONES): normal_word: must be NEGATIVE, POSITIVE or empty",
    ),
    ("laboratory.yaml", "code: GLUC", "code: K", "laboratory.yaml: tests[1] (K): code: is given twice"),
    (
        "laboratory.yaml",
        "site: N1",
        "site: N2",
        "laboratory.yaml: laboratories[0] (N1-LAB): site: “N2” is not one of the sites",
    ),
    (
        "reference_ranges.yaml",
        "unit: mg/dL",
        "unit: g/L",
        "reference_ranges.yaml: ranges[2] (N1-LAB GLUC g/L F 2019-01-01): unit: is not a unit of this test",
    ),
    (
        "reference_ranges.yaml",
        "low: 3.6, high: 5.2",
        "low: 5.2, high: 3.6",
        "reference_ranges.yaml: ranges[1] (N1-LAB K mmol/L 2020-01-01): high: must lie above low",
    ),
    (
        "reference_ranges.yaml",
        "low: 3.6, high: 5.2, ",
        "",
        "reference_ranges.yaml: ranges[1] (N1-LAB K mmol/L 2020-01-01): "
        "low: a range needs a lower or an upper limit",
    ),
    (
        "reference_ranges.yaml",
        "valid_to: 2019-12-31",
        "valid_to: 2018-12-31",
        "reference_ranges.yaml: ranges[0] (N1-LAB K mmol/L 2019-01-01): valid_to: lies before valid_from",
    ),
    (
        "reference_ranges.yaml",
        "valid_to: 2019-12-31",
        "valid_to: 2020-01-01",
        "reference_ranges.yaml: ranges[1] (N1-LAB K mmol/L 2020-01-01): "
        "overlaps in age and time with ranges[0] (N1-LAB K mmol/L 2019-01-01)",
    ),
    ("settings.yaml", "    value: 2\n", "", "settings.yaml: settings[2] (visit_window): value: is required"),
    (
        "settings.yaml",
        "settings:\n",
        "settings:\n"
        "  - {key: consent_versions, value: [{version: '2.0'}], default: [], description: Versions}\n",
        "settings.yaml: settings[0] (consent_versions): value[0]: must be a version and the day valid_from",
    ),
    (
        "settings.yaml",
        "settings:\n",
        "settings:\n  - {key: consent_versions, value: [{version: '2', valid_from: '2021-06'}], default: [],"
        " description: Versions}\n",
        "settings.yaml: settings[0] (consent_versions): value[0]: "
        "version must be text, valid_from a quoted day",
    ),
    (
        "contacts_and_references.yaml",
        "references: []",
        "reference: []",
        "contacts_and_references.yaml: reference: is not a section of this file",
    ),
    (
        "arms.yaml",
        "arms:\n",
        "arms:\n  - only a word\n",
        "arms.yaml: arms[0]: must be a record of named fields",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), FAULTS)
def test_a_fault_is_told_with_file_record_field_and_reason(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    directory = copied(SECOND, tmp_path)
    edited(directory / file, old, new)
    assert said in faults(directory)


def test_the_protocol_that_the_faults_are_put_into_has_none() -> None:
    assert faults(SECOND) == []


def test_the_protocol_of_the_registry_record_has_no_fault() -> None:
    assert faults(REGISTRY) == []


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    directory = copied(SECOND, tmp_path)
    edited(directory / "study.yaml", "2020-01-15", "soon")
    edited(directory / "sites.yaml", "name: South clinic, ", "")
    edited(directory / "laboratory.yaml", "name: Ketones, ", "")
    assert faults(directory) == [
        "study.yaml: study: start_date: must be a day such as 2020-03-06",
        "sites.yaml: sites[1] (S1): name: is required",
        "laboratory.yaml: tests[2] (KETONES): name: is required",
    ]


def test_a_fault_in_a_record_is_not_told_again_by_the_records_that_name_it(tmp_path: Path) -> None:
    directory = copied(SECOND, tmp_path)
    edited(directory / "arms.yaml", "title: Tablet Y", "title: [Tablet, Y]")
    assert faults(directory) == ["arms.yaml: arms[1] (Y): title: must be text (put it in quotes)"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    directory = copied(SECOND, tmp_path)
    (directory / "eligibility.yaml").unlink()
    assert faults(directory) == ["eligibility.yaml: is missing"]


def test_a_section_that_is_no_list_is_named(tmp_path: Path) -> None:
    directory = copied(SECOND, tmp_path)
    (directory / "arms.yaml").write_text("arms: {X: Tablet X}\n")
    assert "arms.yaml: arms: must be a list of at most 5000 records" in faults(directory)


def test_a_further_directory_adds_sites_and_laboratories_and_nothing_else(tmp_path: Path) -> None:
    addition = tmp_path / "west"
    addition.mkdir()
    (addition / "sites.yaml").write_text("sites:\n  - {code: W1, name: Western clinic}\n")
    assert [site["code"] for site in read_protocol([SECOND, addition]).records["sites"]] == ["N1", "S1", "W1"]
    (addition / "arms.yaml").write_text("arms: []\n")
    with pytest.raises(ProtocolError, match=r"arms\.yaml: is not a protocol file"):
        read_protocol([SECOND, addition])


def test_a_fault_in_a_further_directory_names_the_directory(tmp_path: Path) -> None:
    addition = tmp_path / "west"
    addition.mkdir()
    (addition / "sites.yaml").write_text("sites:\n  - {code: N1, name: Northern clinic again}\n")
    with pytest.raises(ProtocolError, match=r"west/sites\.yaml: sites\[0\] \(N1\): code: is given twice"):
        read_protocol([SECOND, addition])
