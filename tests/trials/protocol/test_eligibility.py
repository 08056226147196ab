"""Criteria as data: what a protocol may ask for, and what is refused when it is loaded."""

from pathlib import Path

import pytest

from tests.clinical.reference import rows
from tests.trials.protocol.paths import REGISTRY, SECOND, copied, edited, faults
from trials.clinical.eligibility.options import ANY_RULE, OPTIONS
from trials.clinical.eligibility.vocabulary import VARIABLES
from trials.protocol.parsing import read_protocol
from trials.protocol.schema import RULES

EVALUATIONS = {"auto": "AUTOMATIC", "human": "HUMAN"}

# The rule I1 of the second study, replaced by these words, and the one line that is said.
RULE = (
    '{code: I1, question: "Is the blood pressure raised?", variable: SYSBP, operator: ge, '
    'threshold: "140", unit: "mm[Hg]", evaluation: HUMAN}'
)
PLACE = "eligibility.yaml: criteria[0] (INCLUSION 1): rules[0] (I1): "
REFUSED = [
    ("variable: SYSBP, operator: '>=', threshold: '140'", "variable: is not known; a rule that data decide"),
    ("variable: ECOG, operator: ge, threshold: '0'", "operator: is not known; known: <=, <, >=, >, between"),
    ("variable: ECOG, operator: '<=', threshold: '1'", "operator: does not fit the variable; fitting: in"),
    ("variable: ECOG, operator: in, threshold: '0,,1'", "threshold: must be codes, separated by commas"),
    (
        "variable: WEIGHT, operator: '>=', threshold: 40 kg, unit: kg",
        "threshold: must be a number such as 1.5",
    ),
    ("variable: WEIGHT, operator: '>=', threshold: '40', unit: g", "unit: must be kg for this variable"),
    ("variable: LAB, operator: '>=', threshold: '3', unit: mmol/L", "options: tests: is required"),
    (
        "variable: LAB, operator: '>=', threshold: '3', unit: mmol/L, options: {tests: [NA]}",
        "options: tests: “NA” is not one of the tests",
    ),
    (
        "variable: LAB, operator: '>=', threshold: '3', unit: g/L, options: {tests: [K]}",
        "unit: “g/L” is neither ULN nor a unit of the test K",
    ),
    (
        "variable: ECOG, operator: in, threshold: '0', options: {tests: [K]}",
        "options: tests: is not an option of this rule",
    ),
    (
        "variable: ECOG, operator: in, threshold: '0', options: {color: red}",
        "options: color: is not an option of this rule",
    ),
    (
        "variable: ECOG, operator: in, threshold: {setting: ecog}",
        "threshold: must be text (put it in quotes)",
    ),
    (
        "variable: ECOG, operator: in, threshold: '0', options: {threshold: {setting: ecog}}",
        "options: threshold: “ecog” is not one of the settings",
    ),
    (
        "variable: ECOG, operator: in, threshold: '0', "
        "options: {threshold: {setting: visit_window, choices: {'3': '0'}}}",
        "options: threshold: has no choice for the value of the setting visit_window",
    ),
    (
        "variable: WEIGHT, operator: '>=', threshold: '40', unit: kg, "
        "options: {operator: {setting: visit_window, choices: {'2': '>', '3': in}}}",
        "operator: does not fit the variable",
    ),
    (
        "variable: ECOG, operator: in, threshold: '0', options: {applies_to: PATIENTS}",
        "options: applies_to: must be one of WOMEN, CHILDBEARING, CHILDBEARING_AND_MEN",
    ),
    (
        "variable: ECOG, operator: in, threshold: '0', options: {judgment_too: maybe}",
        "options: judgment_too: must be true or false",
    ),
    (
        "variable: ECOG, operator: in, threshold: '0', options: {joined_with: [E1]}",
        "options: joined_with: belongs to exclusion criteria",
    ),
    (
        "variable: PRIOR_THERAPY, operator: any within, threshold: '6', unit: mo, options: {anchor: CONSENT}",
        "options: therapies: is required for this variable",
    ),
    (
        "variable: PRIOR_THERAPY, operator: any within, threshold: '6', unit: months, "
        "options: {anchor: CONSENT, therapies: [SYSTEMIC]}",
        "threshold: must be a time with one of the units d, wk, mo, a",
    ),
    (
        "variable: LAB, operator: '>', threshold: '5', unit: mmol/L, options: {tests: [K], copies_per_iu: 0}",
        "options: copies_per_iu: must be a factor above zero",
    ),
]


def second_with(tmp_path: Path, rule: str) -> Path:
    directory = copied(SECOND, tmp_path)
    path = directory / "eligibility.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(RULE) == 1
    path.write_text(text.replace(RULE, f'{{code: I1, question: "Is it?", {rule}}}'), encoding="utf-8")
    return directory


@pytest.mark.parametrize(("rule", "said"), REFUSED, ids=[said for _rule, said in REFUSED])
def test_a_rule_that_data_cannot_decide_is_refused_by_file_record_and_field(
    tmp_path: Path, rule: str, said: str
) -> None:
    [line] = faults(second_with(tmp_path, f"{rule}, evaluation: AUTOMATIC"))
    assert line.startswith(PLACE + said)


def test_a_rule_that_is_only_asked_may_be_about_anything(tmp_path: Path) -> None:
    directory = second_with(tmp_path, "variable: mood, operator: bright, threshold: very, evaluation: HUMAN")
    assert faults(directory) == []


def test_a_rule_that_is_only_asked_takes_no_option_of_a_computation(tmp_path: Path) -> None:
    asked = "variable: mood, operator: bright, evaluation: HUMAN, options: {tests: [K]}"
    assert faults(second_with(tmp_path, asked)) == [PLACE + "options: tests: is not an option of this rule"]


def test_every_fault_of_a_rule_is_told_at_once(tmp_path: Path) -> None:
    rule = "variable: LAB, operator: '>=', threshold: high, unit: g, options: {tests: [K], judgment_too: 1}"
    told = faults(second_with(tmp_path, rule + ", evaluation: BOTH"))
    fields = [line.removeprefix(PLACE).split(":")[0] for line in told]
    assert fields == ["options", "threshold", "unit"]


@pytest.mark.parametrize("row", rows("eligibility_criteria.csv"), ids=lambda row: row["id"])
def test_each_criterion_of_the_record_is_judged_by_whom_its_list_says(row: dict[str, str]) -> None:
    """“auto” is decided by data, “human” asked only, anything else both."""
    rules = {rule["code"]: rule for rule in read_protocol([REGISTRY]).records[RULES.name]}
    rule = rules[row["id"]]
    assert rule["evaluation"] == EVALUATIONS.get(row["evaluation"], "BOTH")
    assert rule.links["criterion"]["kind"][:3] == row["kind"]
    assert (rule["variable"] in VARIABLES) == (rule["evaluation"] != "HUMAN")


def test_the_record_has_no_rule_beside_those_of_the_list() -> None:
    codes = [rule["code"] for rule in read_protocol([REGISTRY]).records[RULES.name]]
    assert codes == [row["id"] for row in rows("eligibility_criteria.csv")]


def test_every_ambiguity_of_the_criteria_is_followed_by_a_rule_or_a_computation() -> None:
    """A setting that nothing reads would be a decision without effect."""
    records = read_protocol([REGISTRY]).records
    named = str([rule["options"] for rule in records[RULES.name]])
    in_rules = {
        "i6_anchor", "i7_t3_t4_form", "i7_tsh_lower_limit_applies", "i9_applies_to_men",
        "i9_contraception_reading", "i9_contraception_months", "e2_lookback_years", "e3_scope", "e3_anchor",
        "e5_reading", "e6_pt_reading", "hbv_hcv_reading", "hbv_copies_per_iu", "hcv_rna_unit",
    }  # fmt: skip
    assert [key for key in sorted(in_rules) if key not in named] == []


def test_a_test_that_a_rule_names_cannot_leave_the_protocol(tmp_path: Path) -> None:
    directory = copied(REGISTRY, tmp_path)
    edited(directory / "eligibility.yaml", "tests: [HIVAB]", "tests: [HIVABX]")
    assert faults(directory) == [
        "eligibility.yaml: criteria[18] (EXCLUSION 10): rules[0] (E10): "
        "options: tests: “HIVABX” is not one of the tests"
    ]


def test_every_option_belongs_to_some_variable_or_to_any_rule() -> None:
    of_variables = {name for each in VARIABLES.values() for name in each.needs | each.takes}
    assert set(OPTIONS) == of_variables | ANY_RULE
