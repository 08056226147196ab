"""A study with other arms, drugs and visits is loaded and run by the same code."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from patients.actions.enroll import enroll
from patients.actions.randomize import randomize
from patients.actions.save_form import create_form
from patients.actions.visits import open_cycle
from patients.derivations.dose import planned_dose
from patients.derivations.tellers import told as told_of
from patients.facts import Facts
from patients.models import (
    DailyDosePeriod,
    DoseAdministration,
    DrugAccountability,
    EligibilityAssessment,
    InformedConsent,
    LabSample,
    Subject,
    Visit,
    VitalSigns,
)
from tests.factories import eligible_answers, opened, person
from tests.patients.checks.asking import asked
from tests.trials.protocol.paths import REGISTRY, SECOND
from trials.actions.errors import NotEligible, WrongState
from trials.actions.randomization_list import create_list, import_list
from trials.actions.sealed_list import replay
from trials.models import Drug, Role, Site, Study, User
from trials.protocol.loading import load_protocol

pytestmark = pytest.mark.django_db

DAY, LATER = date(2021, 3, 1), date(2021, 3, 8)


@pytest.fixture
def study(db: None) -> Study:
    load_protocol(actor=User.objects.system_user(), paths=[REGISTRY])
    return load_protocol(actor=User.objects.system_user(), paths=[SECOND]).study


def test_subjects_of_another_study_are_enrolled_randomized_and_dosed_by_its_own_protocol(
    study: Study,
) -> None:
    site = Site.objects.get(study=study, code="N1")
    nurse, keeper = person(Role.COORDINATOR, study, site), person(Role.RANDOMIZATION_KEEPER, study)
    rows = [{"number": "1", "arm": "X"}, {"number": "2", "arm": "Y"}]
    import_list(actor=keeper, study=study, name="only list", rows=rows)

    first, second = screened(nurse, site), screened(nurse, site)
    assert [first.code, second.code] == ["N1-001", "N1-002"]
    assert [randomize(actor=nurse, subject=each).arm.code for each in (first, second)] == ["X", "Y"]
    assert planned(first) == {"XOLOL": Decimal(5), "YPRIL": None}
    assert planned(second) == {"XOLOL": None, "YPRIL": Decimal("12.5")}
    assert visits(first) == {"BASE"}
    assert visits(second) == {"BASE", "C1MONTH"}


def test_shares_of_two_to_one_make_blocks_of_two_to_one(study: Study) -> None:
    keeper = person(Role.RANDOMIZATION_KEEPER, study)
    made = create_list(actor=keeper, study=study, name="only list", length=6, block_sizes=[3])
    assert sorted(made.slots.values_list("arm__code", flat=True)) == ["X", "X", "X", "X", "Y", "Y"]
    assert replay(made)


def test_criteria_and_grades_of_another_study_are_those_of_its_own_data(study: Study) -> None:
    site = Site.objects.get(study=study, code="N1")
    nurse, keeper = person(Role.COORDINATOR, study, site), person(Role.RANDOMIZATION_KEEPER, study)
    import_list(actor=keeper, study=study, name="only list", rows=[{"number": "1", "arm": "X"}])
    low = screened(nurse, site, potassium="3.4")
    with pytest.raises(NotEligible) as refusal:
        randomize(actor=nurse, subject=low)
    assert "I2a" in str(refusal.value.errors)
    assert "I2b" not in str(refusal.value.errors)
    facts = Facts([low])
    [sample] = facts.forms(LabSample, low)
    told = [each for each in told_of(facts, sample) if each.row is not None]
    assert any(
        "6.0" in each.about + each.reason or "Hypokalemia" in each.about + each.reason for each in told
    )
    assert randomize(actor=nurse, subject=screened(nurse, site, potassium="3.5")).arm.code == "X"


def test_doses_of_another_study_are_held_against_its_own_tolerance_time_and_minimum(study: Study) -> None:
    nurse, subject = treated(study, "Y")
    visit = opened(nurse, subject, "C1MONTH", LATER)

    def given(**answers: str) -> list[str]:
        infusion = {"drug": "YPRIL", "given": "Y", "given_on": LATER.isoformat(), "started_at": "10:00"}
        form = create_form(
            actor=nurse, form=DoseAdministration, subject=subject, visit=visit, data=infusion | answers
        )
        return [check for check in ("EC16", "EC18c", "EC19a", "EC19b") if asked(form, check)]

    assert given(dose="13", ended_at="10:45") == ["EC19a"]
    blood(nurse, subject, LATER, "3.5", visit)
    assert given(dose="13", ended_at="10:45") == []
    assert given(dose="13.01", ended_at="10:44") == ["EC16", "EC18c"]
    blood(nurse, subject, LATER, "3.4", visit)
    assert given(dose="12.5", ended_at="10:50") == ["EC19b"]


def test_a_result_of_another_study_asks_for_its_own_further_test(study: Study) -> None:
    nurse, subject = treated(study, "Y")
    visit = opened(nurse, subject, "C1MONTH", LATER)
    assert asked(blood(nurse, subject, LATER, "3.6", visit), "EC42") == 0
    low = blood(nurse, subject, LATER, "3.4", visit)
    assert asked(low, "EC42") == 1
    blood(nurse, subject, LATER + timedelta(days=3), "4.0", visit, GLUC="5.1")
    assert asked(low, "EC42") == 0


def test_the_intake_of_another_study_lies_between_its_own_shares(study: Study) -> None:
    nurse, subject = treated(study, "X")
    taken = {"drug": "XOLOL", "started": LATER.isoformat(), "dose": "5", "frequency": "QD"}
    create_form(actor=nurse, form=DailyDosePeriod, subject=subject, data=taken)
    package = {
        "drug": "XOLOL",
        "batch_number": "1",
        "strength": "2.5",
        "dispensed_on": LATER.isoformat(),
        "capsules_dispensed": 40,
        "capsules_returned": 17,
        "returned_on": (LATER + timedelta(days=10)).isoformat(),
    }
    unusual = create_form(actor=nurse, form=DrugAccountability, subject=subject, data=package)
    assert asked(unusual, "EC20b") == 1  # 23 capsules of 20


def test_an_arm_without_cycles_has_none_planned(study: Study) -> None:
    nurse, subject = treated(study, "X")
    assert not subject.cycles.exists()
    with pytest.raises(WrongState, match="cannot be determined: no drug of the arm that is given in cycles"):
        open_cycle(actor=nurse, subject=subject)


def treated(study: Study, arm: str) -> tuple[User, Subject]:
    """A subject in an arm."""
    site = Site.objects.get(study=study, code="N1")
    nurse, keeper = person(Role.COORDINATOR, study, site), person(Role.RANDOMIZATION_KEEPER, study)
    import_list(actor=keeper, study=study, name="only list", rows=[{"number": "1", "arm": arm}])
    subject = screened(nurse, site)
    randomize(actor=nurse, subject=subject)
    subject.refresh_from_db()
    return nurse, subject


def blood(nurse: User, subject: Subject, day: date, potassium: str, visit: Visit, **others: str) -> LabSample:
    """Potassium and other results in mmol/L."""
    results = {"K": potassium} | others
    rows = [{"test": test, "value": value, "unit": "mmol/L"} for test, value in results.items()]
    sample = {"collected_on": day.isoformat(), "laboratory": "N1-LAB", "panel": "CHEMISTRY"}
    return create_form(
        actor=nurse, form=LabSample, subject=subject, visit=visit, data=sample, rows={"results": rows}
    )


def screened(nurse: User, site: Site, potassium: str = "4.0") -> Subject:
    """A subject of 70.5 kg whom nothing excludes, unless potassium does."""
    subject = enroll(actor=nurse, site=site, screened_on=DAY)
    consent = {"consented": "Y", "signed_on": DAY.isoformat(), "document_version": "1"}
    create_form(actor=nurse, form=InformedConsent, subject=subject, data=consent)
    visit = opened(nurse, subject, "BASE", DAY)
    sample = {"collected_on": DAY.isoformat(), "laboratory": "N1-LAB", "panel": "CHEMISTRY"}
    results = {"results": [{"test": "K", "value": potassium, "unit": "mmol/L"}]}
    create_form(actor=nurse, form=LabSample, subject=subject, visit=visit, data=sample, rows=results)
    weight = {"measured_on": DAY.isoformat(), "weight": Decimal("70.5")}
    create_form(actor=nurse, form=VitalSigns, subject=subject, visit=visit, data=weight)
    rows = {"answers": eligible_answers(site.study)}
    data = {"assessed_on": DAY.isoformat()}
    create_form(actor=nurse, form=EligibilityAssessment, subject=subject, data=data, rows=rows)
    return subject


def planned(subject: Subject) -> dict[str, Decimal | None]:
    drugs = Drug.objects.filter(study=subject.study)
    return {drug.code: planned_dose(subject, drug.pk, DAY).dose for drug in drugs}


def visits(subject: Subject) -> set[str]:
    return set(Visit.objects.filter(subject=subject).values_list("code", flat=True))
