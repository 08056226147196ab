"""The criterion table: data beside answers, and what stands against randomization."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from patients.actions.randomize import randomize
from patients.actions.save_form import change_form
from patients.derivations.eligibility import eligibility
from patients.derivations.eligibility.readers import READERS
from patients.derivations.eligibility.table import BLOCKS
from patients.facts import Facts, Moment
from patients.models import Demographics, LabSample, MedicationCategory
from tests.factories import make_list, opened, save
from tests.patients.eligibility.conftest import judged, line_of, verdict_of, words_of
from tests.screening import DAY, WOMAN_OF_59, Clinic
from trials.actions.errors import NotEligible
from trials.audit import clock
from trials.clinical.eligibility.options import Support
from trials.clinical.eligibility.verdict import Kind, Verdict
from trials.clinical.eligibility.vocabulary import VARIABLES
from trials.models import AtomicCriterion, Evaluation

HUMAN = {"I5a", "I5b", "I6a", "I9b", "I9c", "E1", "E2", "E4", "E6b", "E8", "E9a", "E9c", "E11", "E12", "E13"}


def test_nothing_stands_against_a_subject_whose_data_and_answers_fit_every_criterion(clinic: Clinic) -> None:
    table = judged(clinic.screened())
    assert table.findings == ()
    verdicts = {line.rule.code: line.data.verdict for line in table.lines}
    assert len(verdicts) == 41
    assert {code for code, verdict in verdicts.items() if verdict is None} == HUMAN
    assert {code for code, verdict in verdicts.items() if verdict is Verdict.NOT_APPLICABLE} == {"I9a"}
    by_kind = {(line.rule.kind, line.data.verdict) for line in table.lines if line.data.verdict}
    assert by_kind == {
        (Kind.INCLUSION, Verdict.MET),
        (Kind.INCLUSION, Verdict.NOT_APPLICABLE),
        (Kind.EXCLUSION, Verdict.NOT_MET),
    }


def test_a_value_is_shown_with_unit_day_range_and_the_form_on_which_it_stands(clinic: Clinic) -> None:
    line = line_of(clinic.screened(), "I7.3b")
    [value] = line.evidence
    assert (value.name, value.value, value.unit, value.normal) == (
        "Alanine Aminotransferase (ALT)",
        "30",
        "U/L",
        "9 to 50 U/L",
    )
    assert (value.day, value.source.form, value.source.visit) == (date(2021, 3, 1), "LB", "SCR")
    assert value.source.record_id == LabSample.objects.get().pk
    assert line.data.words == "Alanine Aminotransferase 30 U/L is at most 3 × ULN (150 U/L)"


def test_the_answer_of_the_investigator_and_that_of_the_data_stand_side_by_side(clinic: Clinic) -> None:
    subject = clinic.screened(ecog="2", answers={"I7.1a": "N"})
    ecog, neutrophils = line_of(subject, "I3"), line_of(subject, "I7.1a")
    assert (ecog.answer.code, ecog.answer_of_data, ecog.contradicts) == ("Y", "N", True)
    assert (neutrophils.answer.code, neutrophils.answer_of_data, neutrophils.contradicts) == ("N", "Y", True)
    reasons = judged(subject).refusals
    assert set(reasons) == {"I3", "I7.1a"}
    assert reasons["I3"] == ["not met: ECOG performance status 2 is not 0 or 1"]
    assert reasons["I7.1a"][0].startswith("not met: the inclusion rule “Are the neutrophils")


def test_a_refused_randomization_names_every_criterion_with_all_its_reasons(clinic: Clinic) -> None:
    make_list(clinic.study, "AB")
    subject = clinic.screened(ecog="2", results={"PLAT": ("99", "10*9/L"), "PT": None}, answers={"E4": "Y"})
    with pytest.raises(NotEligible) as refusal:
        randomize(actor=clinic.coordinator, subject=subject)
    assert list(refusal.value.errors) == ["I3", "I7.1b", "E4", "E6a"]
    assert refusal.value.errors["I7.1b"] == ["not met: Platelets 99 ×10⁹/L is not at least 100 ×10⁹/L"]
    assert refusal.value.errors["E6a"] == ["cannot be determined: no Prothrombin Time before randomization"]


def test_what_stands_against_randomization_is_one_table() -> None:
    blocking = {
        (evaluation, in_order)
        for evaluation, by_order in BLOCKS.items()
        for in_order, blocks in by_order.items()
        if blocks
    }
    assert blocking == {
        (Evaluation.AUTOMATIC, False),
        (Evaluation.AUTOMATIC, None),
        (Evaluation.BOTH, False),
    }
    assert set(BLOCKS) == set(Evaluation)


def test_where_the_investigator_judges_too_missing_data_leave_the_judgment(clinic: Clinic) -> None:
    """Child-Pugh without examination, lesions not entered yet, one reading of blood pressure."""
    subject = clinic.screened(examined=None, diameter=None, pressures=[(150, 95)])
    table = judged(subject)
    assert table.findings == ()
    undetermined = {line.rule.code for line in table.lines if line.data.verdict is Verdict.UNDETERMINED}
    assert undetermined == {"I4", "I8", "E5"}
    assert words_of(subject, "I4").startswith(
        "cannot be determined: whether Child-Pugh class A or B (score 5 to 9; no examination for ascites"
    )


def test_data_that_contradict_are_not_overruled_where_the_investigator_judges_too(clinic: Clinic) -> None:
    subject = clinic.screened(diameter="9")
    assert judged(subject).refusals == {"I8": ["not met: measurable lesions 0 is not at least 1"]}


def test_a_criterion_that_only_the_investigator_judges_is_asked_and_not_computed(clinic: Clinic) -> None:
    line = line_of(clinic.screened(answers={"I5a": "N"}), "I5a")
    assert (line.data.verdict, line.answer_of_data, line.evidence) == (None, None, ())
    assert len(line.against) == 1


def test_every_variable_of_the_vocabulary_can_be_read_from_captured_data() -> None:
    assert set(READERS) == set(VARIABLES)


def test_every_support_of_the_vocabulary_is_a_kind_of_medication() -> None:
    assert {each.value for each in Support} <= set(MedicationCategory.values)


def test_after_randomization_the_table_stays_as_of_that_day(clinic: Clinic) -> None:
    make_list(clinic.study, "AB")
    subject = clinic.screened()
    allocation = randomize(actor=clinic.coordinator, subject=subject)
    visit = subject.visits.get(code="C1D1")
    today = allocation.randomized_on
    opened(clinic.coordinator, subject, visit.code, today)
    visit.refresh_from_db()
    rows = {"results": [{"test": "PLAT", "value": "12", "unit": "10*9/L"}]}
    data = {"collected_on": today.isoformat(), "laboratory": "ZS-LAB"}
    clinic.enter(LabSample, subject, data, visit=visit, rows=rows)
    table = judged(subject)
    assert (table.decided_on, table.findings) == (today, ())


def test_a_correction_after_randomization_changes_the_table_but_not_that_of_the_moment_before(
    clinic: Clinic,
) -> None:
    make_list(clinic.study, "AB")
    subject = clinic.screened()
    randomize(actor=clinic.coordinator, subject=subject)
    before = clock.now()
    person = Demographics.objects.get(subject=subject)
    change = {"age": 76, "birth": "1944-05"}
    change_form(actor=clinic.coordinator, record=person, version=1, reason="misread", data=change)
    assert set(judged(subject).refusals) == {"I2"}
    assert eligibility(Facts([subject], Moment(as_of=before)), subject).eligible


def test_up_to_an_earlier_day_nothing_was_known(clinic: Clinic) -> None:
    subject = clinic.screened()
    day_before = date.fromisoformat(DAY) - timedelta(days=1)
    refusals = eligibility(Facts([subject], Moment(cutoff=day_before)), subject).refusals
    assert {"CONSENT", "IE", "I3", "I7.1a"} <= set(refusals)


def test_a_criterion_whose_variable_the_software_does_not_know_blocks(clinic: Clinic) -> None:
    """Loading refuses such a rule; one that got into the database is never passed over."""
    rule = AtomicCriterion.objects.get(study=clinic.study, code="I3")
    rule.variable = "KARNOFSKY"
    save(clinic.study.chain, rule)
    subject = clinic.screened()
    assert verdict_of(subject, "I3") == "UNDETERMINED"
    assert "KARNOFSKY" in judged(subject).refusals["I3"][0]


def test_a_woman_who_cannot_bear_children_needs_no_pregnancy_test_and_one_who_can_does(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    beyond, able = WOMAN_OF_59, {**WOMAN_OF_59, "childbearing_potential": "Y"}
    not_said = {key: value for key, value in WOMAN_OF_59.items() if key != "childbearing_potential"}
    assert verdict_of(clinic.screened(person=beyond), "I9a") == "NOT_APPLICABLE"
    untested = clinic.screened(person=able)
    assert words_of(untested, "I9a") == "cannot be determined: no pregnancy test before randomization"
    tested = clinic.screened(person=able, results={"HCG": ("1.1", "m[IU]/mL")})
    assert verdict_of(tested, "I9a") == "MET"
    pregnant = clinic.screened(person=able, results={"HCG": ("250", "m[IU]/mL")})
    assert verdict_of(pregnant, "I9a") == "NOT_MET"
    unclear = clinic.screened(person=not_said)
    assert verdict_of(unclear, "I9a") == "UNDETERMINED"
    assert "able to bear children" in words_of(unclear, "I9a")
    negative = clinic.screened(person=not_said, results={"HCG": ("1.1", "m[IU]/mL")})
    assert verdict_of(negative, "I9a") == "MET"  # negative is negative, whether the test was needed or not


def test_not_applicable_is_no_answer_to_a_criterion_that_applies(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    """A woman cannot leave open whether she is breast-feeding; whether men are asked is a setting."""
    woman = clinic.screened(person=WOMAN_OF_59, answers={"I9b": "NA", "I9c": "NA"})
    assert set(judged(woman).refusals) == {"I9b"}
    man = clinic.screened(answers={"I9a": "NA", "I9b": "NA", "I9c": "NA"})
    assert judged(man).findings == ()
    decide(i9_applies_to_men=True)
    assert set(judged(man).refusals) == {"I9c"}
