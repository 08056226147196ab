"""The loaded study says exactly what the registry record NCT04361331 says (record of 2025-02-07)."""

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from patients.forms import definitions
from tests.screening import registered_study
from trials.models import (
    AtomicCriterion,
    Criterion,
    Laboratory,
    LabTest,
    ProhibitedMedication,
    ReferenceRange,
    RegimenElement,
    ScheduledForm,
    Study,
    StudySetting,
    VisitDefinition,
)

RULES = Path(__file__).parent / "eligibility_rules.csv"


pytestmark = pytest.mark.usefixtures("registered_once")


@pytest.fixture
def study(db: None) -> Study:
    return registered_study()


def test_the_study_carries_every_fact_of_the_record(study: Study) -> None:
    facts = {
        "code": "zs-ICC-2020",
        "registry_id": "NCT04361331",
        "title": "Two-cohort Study of Toripalimab(PD1)+Lenvatnib, or Gemox+Lenvatinib in Advanced "
        "Intrahepatic Cholangiocarcinoma",
        "phase": "PHASE2",
        "study_type": "INTERVENTIONAL",
        "allocation": "RANDOMIZED",
        "allocation_method": "Random number table grouping",
        "intervention_model": "PARALLEL",
        "masking": "NONE",
        "primary_purpose": "TREATMENT",
        "recruitment_status": "COMPLETED",
        "start_date": date(2020, 3, 6),
        "completion_date": date(2023, 9, 1),
        "enrollment": 61,
        "condition": "Cholangiocarcinoma, Intrahepatic",
        "sponsor": "Shanghai Zhongshan Hospital",
        "principal_investigator": "Jian Zhou, MD & PhD",
        "minimum_age": 18,
        "maximum_age": 75,
        "eligible_sex": "ALL",
        "healthy_volunteers": False,
        "registry_last_updated": date(2025, 2, 7),
    }
    assert {name: getattr(study, name) for name in facts} == facts


def test_one_hospital_is_a_site_and_a_person_is_none(study: Study) -> None:
    assert list(study.sites.values_list("code", "name", "city", "country")) == [
        ("ZS", "Zhongshan hospital", "Shanghai", "China")
    ]
    contact = study.studycontacts.get(name="Huang xiaoyong")
    assert contact.city == "Shanghai"
    assert "Locations" in contact.note


def test_the_references_are_those_of_the_record(study: Study) -> None:
    assert set(study.references.values_list("kind", "pubmed_id", "doi")) == {
        ("BACKGROUND", "15319238", "10.1093/annonc/mdh351"),
        ("BACKGROUND", "29433850", "10.1016/S0140-6736(18)30207-1"),
        ("BACKGROUND", "28434648", "10.1016/S0140-6736(17)31046-2"),
        ("BACKGROUND", "29875066", "10.1016/S1470-2045(18)30351-6"),
        ("DERIVED", "41121202", "10.1186/s12916-025-04404-4"),
    }
    for reference in study.references.all():
        assert reference.doi in reference.citation


def test_the_regimen_is_that_of_the_record(study: Study) -> None:
    elements = RegimenElement.objects.filter(study=study).select_related("arm", "drug")
    assert {
        (each.arm.code, each.drug.code): (
            each.rule,
            each.dose,
            each.unit,
            each.frequency,
            each.days,
            each.cycle_length_days,
            each.minimum_cycles,
            each.maximum_cycles,
        )
        for each in elements
    } == {
        ("A", "TORIPALIMAB"): ("FIXED", Decimal(240), "mg", "ONCE", [1], 21, None, None),
        ("A", "LENVATINIB"): ("WEIGHT_BAND", None, "mg", "QD", [], None, None, None),
        ("B", "LENVATINIB"): ("WEIGHT_BAND", None, "mg", "QD", [], None, None, None),
        ("B", "OXALIPLATIN"): ("BODY_SURFACE", Decimal(85), "mg/m2", "ONCE", [1], 21, 6, 8),
        ("B", "GEMCITABINE"): ("BODY_SURFACE", Decimal(1000), "mg/m2", "ONCE", [1, 8], 21, 6, 8),
    }


@pytest.mark.parametrize("arm", ["A", "B"])
def test_below_60_kg_lenvatinib_is_8_mg_and_from_60_kg_on_12_mg(study: Study, arm: str) -> None:
    element = RegimenElement.objects.get(study=study, arm__code=arm, drug__code="LENVATINIB")
    bands = element.bands.order_by("from_kg").values_list("from_kg", "below_kg", "dose_mg")
    assert list(bands) == [(0, 60, 8), (60, None, 12)]


def test_nine_inclusion_and_thirteen_exclusion_criteria_are_numbered_as_in_the_record(study: Study) -> None:
    criteria = Criterion.objects.filter(study=study)
    numbers = {
        kind: sorted(criteria.filter(kind=kind).values_list("number", flat=True))
        for kind in ("INCLUSION", "EXCLUSION")
    }
    assert numbers == {"INCLUSION": list(range(1, 10)), "EXCLUSION": list(range(1, 14))}


def test_the_criteria_keep_the_words_and_misprints_of_the_record(study: Study) -> None:
    words = {
        ("INCLUSION", 4): "Child-Pugh score A",
        ("INCLUSION", 7): "platelets ≥100 * 109 / L; hemoglobin ≥9g / dl",
        (
            "INCLUSION",
            9,
        ): "Non-lactating or pregnant women, contraception during or 3 months after treatment.",
        ("EXCLUSION", 7): "HBV DNA> 2000 copies/ml and HCV RNA>1000 after antiviral treatment",
        ("EXCLUSION", 10): "Human immunodeficiency virus (HIV, HIV1/2 antibody) positive",
    }
    for (kind, number), part in words.items():
        assert part in Criterion.objects.get(study=study, kind=kind, number=number).text
    misprinted = AtomicCriterion.objects.filter(study=study, note__icontains="misprint")
    assert set(misprinted.values_list("code", flat=True)) == {"I7.1a", "I7.1b", "E7"}


def test_every_rule_of_the_criteria_is_asked_with_its_threshold(study: Study) -> None:
    with RULES.open(encoding="utf-8", newline="") as file:
        expected = {row["rule"]: row for row in csv.DictReader(file)}
    loaded = {rule.code: rule for rule in AtomicCriterion.objects.filter(study=study)}
    assert list(loaded) == list(expected)
    assert len(loaded) == 41
    for code, row in expected.items():
        rule, said = loaded[code], ("operator", "threshold", "unit", "evaluation")
        assert {name: getattr(rule, name) for name in said} == {name: row[name] for name in said}, code
        assert rule.criterion.kind == row["kind"], code


def test_every_question_can_be_answered_yes_or_no(study: Study) -> None:
    questions = AtomicCriterion.objects.filter(study=study).values_list("code", "question")
    opening = re.compile(r"(Is|Are|Does|Has|Was) .+\?", re.DOTALL)
    assert [code for code, question in questions if not opening.fullmatch(question)] == []


def test_only_the_rules_about_childbearing_may_be_not_applicable(study: Study) -> None:
    rules = AtomicCriterion.objects.filter(study=study, may_be_not_applicable=True)
    assert set(rules.values_list("code", flat=True)) == {"I9a", "I9b", "I9c"}


def test_every_setting_that_a_note_names_exists(study: Study) -> None:
    keys = set(StudySetting.objects.filter(study=study).values_list("key", flat=True))
    for rule in AtomicCriterion.objects.filter(study=study):
        named = re.findall(r"settings? (\w+_\w+)", rule.note)
        assert set(named) <= keys, rule.code


def test_every_prohibited_medication_is_marked_as_assumed(study: Study) -> None:
    prohibited = ProhibitedMedication.objects.filter(study=study)
    assert set(prohibited.values_list("is_assumption", flat=True)) == {True}


def test_the_schedule_has_the_windows_that_the_settings_say(study: Study) -> None:
    visits = {visit.code: visit for visit in VisitDefinition.objects.filter(study=study)}
    assert {
        code: (
            visit.anchor,
            visit.day,
            visit.window_before_days,
            visit.window_after_days,
            visit.every_days,
            visit.arm.code if visit.arm else None,
        )
        for code, visit in visits.items()
    } == {
        "SCR": ("CONSENT", 1, 0, 27, None, None),
        "D1": ("CYCLE", 1, 3, 3, None, None),
        "D8": ("CYCLE", 8, 2, 2, None, "B"),
        "IMG": ("RANDOMIZATION", 43, 7, 7, 42, None),
        "EOT": ("LAST_DOSE", 1, 0, 7, None, None),
        "SFU": ("LAST_DOSE", 31, 7, 7, None, None),
        "SFU90": ("LAST_DOSE", 91, 7, 7, None, None),
        "SURV": ("LAST_DOSE", 91, 14, 14, 90, None),
    }


def test_every_scheduled_form_exists(study: Study) -> None:
    scheduled = set(ScheduledForm.objects.filter(study=study).values_list("form", flat=True))
    assert scheduled <= {form.oid for form in definitions()}
    assert scheduled >= {"IC", "DM", "MH", "TH", "VS", "ECOG", "LB", "IE", "EC", "ECD", "AE", "CM", "DS"}
    assert scheduled >= {"PT", "PE", "EG", "CV", "RP", "TU", "TR", "BS", "DA", "SAE", "SS", "ST"}


def test_scans_are_due_at_baseline_and_at_imaging_and_survival_is_asked_for(study: Study) -> None:
    asked = {(each.form, each.visit.code) for each in ScheduledForm.objects.filter(study=study)}
    assert {visit for form, visit in asked if form == "TR"} == {"SCR", "IMG"}
    assert {visit for form, visit in asked if form == "SS"} == {"SURV"}


def test_pregnancy_tests_are_due_for_women_who_can_bear_children_alone(study: Study) -> None:
    scheduled = ScheduledForm.objects.filter(study=study)
    tests = scheduled.filter(form="RP") | scheduled.filter(panel="PREGNANCY")
    assert {each.due_for for each in tests} == {"CHILDBEARING"}
    assert {each.visit.code for each in tests} == {"SCR", "D1", "EOT"}


def test_every_laboratory_form_of_the_schedule_names_its_panel(study: Study) -> None:
    forms = ScheduledForm.objects.filter(study=study)
    assert not forms.filter(form="LB", panel="").exists()
    assert not forms.exclude(form="LB").exclude(panel="").exists()


def test_every_test_that_has_a_number_has_a_range_for_a_man_and_a_woman_of_any_age(study: Study) -> None:
    laboratory = Laboratory.objects.get(code="ZS-LAB")
    # A viral load has a limit of the protocol, not of the laboratory, and an antibody that protects has none;
    # a pregnancy test is made in women.
    # The control of a prothrombin time is itself what the result is compared with.
    without = {"HBVDNA", "HCVRNA", "HBSAB", "PTCTL"}
    for test in LabTest.objects.filter(study=study).exclude(result_kind="WORD").exclude(code__in=without):
        for sex in {"F"} if test.code == "HCG" else {"F", "M"}:
            for age in (18, 49, 50, 59, 60, 75):
                ranges = ReferenceRange.objects.filter(
                    laboratory=laboratory,
                    test=test,
                    unit=test.unit,
                    sex__in=["", sex],
                    age_from__lte=age,
                    age_to__gte=age,
                    valid_from__lte=date(2020, 3, 6),
                )
                assert ranges.count() == 1, (test.code, sex, age)


def test_a_range_that_was_replaced_during_the_study_ends_the_day_before_its_successor(study: Study) -> None:
    old, new = ReferenceRange.objects.filter(test__code="TSH", laboratory__code="ZS-LAB").order_by(
        "valid_from"
    )
    assert (old.valid_from, old.valid_to) == (date(2019, 1, 1), date(2021, 6, 30))
    assert (new.valid_from, new.valid_to) == (date(2021, 7, 1), None)
    assert (old.high, new.high) == (Decimal("4.20"), Decimal("4.94"))


def test_a_laboratory_with_typical_ranges_says_so_in_its_name(study: Study) -> None:
    assert "typical ranges, not its own" in Laboratory.objects.get(code="ZS-LAB").name
