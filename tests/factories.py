"""Test data made through the actions, as any face makes them."""

from datetime import date
from decimal import Decimal
from typing import Any

import factory

from patients.actions.enroll import enroll
from patients.actions.randomize import randomize
from patients.actions.save_form import create_form
from patients.actions.visits import open_visit
from patients.models import (
    Demographics,
    EcogAssessment,
    EligibilityAssessment,
    InformedConsent,
    Subject,
    Visit,
    VitalSigns,
)
from trials.audit.recording import Act, recording
from trials.models import (
    Anchor,
    Arm,
    Assignment,
    AtomicCriterion,
    Chain,
    ChainKind,
    Criterion,
    CriterionKind,
    DoseBand,
    DoseRule,
    Drug,
    Epoch,
    Evaluation,
    Frequency,
    Laboratory,
    LabTest,
    LabUnit,
    RandomizationList,
    RandomizationSlot,
    ReferenceRange,
    RegimenElement,
    Role,
    Route,
    Site,
    Study,
    StudySetting,
    User,
    VisitDefinition,
)

PASSWORD = "a long enough pass-phrase"  # noqa: S105
CONSENT_DAY = date(2021, 3, 1)
TRAINED = {"valid_from": date(2020, 1, 1), "trained_on": date(2020, 1, 1)}


class UserFactory(factory.Factory):
    """An account; give it a role with `assign`."""

    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"user{number}")
    password = PASSWORD

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **values: Any) -> User:
        return User.objects.create_user(**values)


def assign(user: User, role: str, study: Study, site: Site | None = None, **dates: Any) -> User:
    """Give the user a role by the system account; returns the user read anew."""
    assignment = Assignment(user=user, role=role, study=study, site=site, **(TRAINED | dates))
    save(study.chain, assignment)
    return User.objects.get(pk=user.pk)


def person(role: str, study: Study, site: Site | None = None, **values: Any) -> User:
    """A user with one role."""
    return assign(UserFactory(**values), role, study, site)


def save(chain: Chain, *rows: Any) -> Any:
    """Save rows of protocol data in one recorded act of the system."""
    with recording(chain, Act(User.objects.system_user(), "SYSTEM", "prepare a test")):
        for row in rows:
            row.save()
    return rows[0] if len(rows) == 1 else rows


def make_study(code: str = "TEST-1") -> Study:
    """A small study: two arms, four drugs, a schedule, two criteria with three rules, some tests."""
    chain = Chain.objects.create(kind=ChainKind.STUDY, key=f"study:{code}")
    study = Study(
        code=code,
        registry_id=f"NCT{abs(hash(code)) % 10**8:08d}",
        title="A small study",
        phase="PHASE2",
        study_type="INTERVENTIONAL",
        allocation="RANDOMIZED",
        intervention_model="PARALLEL",
        masking="NONE",
        primary_purpose="TREATMENT",
        recruitment_status="RECRUITING",
        start_date=date(2020, 3, 6),
        enrollment=60,
        condition="Cholangiocarcinoma, Intrahepatic",
        sponsor="A hospital",
        principal_investigator="Somebody",
        minimum_age=18,
        maximum_age=75,
        protocol_version="1.0",
        chain=chain,
    )
    save(chain, study)
    save(chain, *_settings(study))
    arms = save(chain, Arm(study=study, code="A", title="Arm A"), Arm(study=study, code="B", title="Arm B"))
    _regimen(study, *arms)
    save(chain, *_schedule(study, arms[1]))
    _criteria(study)
    _tests(study)
    return study


def make_site(study: Study, code: str = "ZS") -> Site:
    """A site with a laboratory and its ranges."""
    chain = Chain.objects.create(kind=ChainKind.SITE, key=f"site:{study.code}/{code}")
    site = save(chain, Site(study=study, code=code, name=f"Hospital {code}", chain=chain))
    laboratory = save(
        study.chain, Laboratory(study=study, site=site, code=f"{code}-LAB", name=f"Laboratory {code}")
    )
    save(study.chain, *_ranges(study, laboratory))
    return site


def make_list(study: Study, arms: str, name: str = "list 1") -> RandomizationList:
    """A list with these arms in this order, e.g. "ABBA"."""
    held = {arm.code: arm for arm in study.arms.all()}
    order = study.randomizationlists.count() + 1
    made = save(
        study.chain,
        RandomizationList(study=study, name=name, published_digest="0" * 64, algorithm="test", order=order),
    )
    slots = [
        RandomizationSlot(study=study, list=made, number=number, arm=held[code])
        for number, code in enumerate(arms, 1)
    ]
    save(study.chain, *slots)
    return made


def screened_subject(coordinator: User, site: Site, *, weight: str = "60", height: str = "170") -> Subject:
    """A subject whom nothing excludes, by the answers and by the data that the small study asks for."""
    subject = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    day = CONSENT_DAY.isoformat()
    consent = {"consented": "Y", "signed_on": day, "document_version": "1.0"}
    create_form(actor=coordinator, form=InformedConsent, subject=subject, data=consent)
    create_form(
        actor=coordinator,
        form=Demographics,
        subject=subject,
        data={"birth": "1961-05", "age": 59, "sex": "M"},
    )
    visit = opened(coordinator, subject, "SCR", CONSENT_DAY)
    vital_signs = {"measured_on": day, "weight": Decimal(weight), "height": Decimal(height)}
    create_form(actor=coordinator, form=VitalSigns, subject=subject, visit=visit, data=vital_signs)
    performance = {"assessed_on": day, "grade": "1"}
    create_form(actor=coordinator, form=EcogAssessment, subject=subject, visit=visit, data=performance)
    create_form(
        actor=coordinator,
        form=EligibilityAssessment,
        subject=subject,
        data={"assessed_on": day},
        rows={"answers": eligible_answers(site.study)},
    )
    return subject


def randomized_subject(coordinator: User, site: Site, **measured: str) -> Subject:
    subject = screened_subject(coordinator, site, **measured)
    randomize(actor=coordinator, subject=subject)
    subject.refresh_from_db()
    return subject


def eligible_answers(study: Study) -> list[dict[str, str]]:
    """The answers of an eligible subject to every rule of the study."""
    rules = AtomicCriterion.objects.filter(study=study).select_related("criterion")
    return [
        {"rule": rule.code, "answer": "Y" if rule.criterion.kind == CriterionKind.INCLUSION else "N"}
        for rule in rules
    ]


def opened(actor: User, subject: Subject, code: str, day: date) -> Visit:
    visit = Visit.objects.select_related("subject__site", "definition", "cycle").get(
        subject=subject, code=code
    )
    return open_visit(actor=actor, visit=visit, occurred_on=day, version=visit.version)


def coordinator_of(site: Site) -> User:
    return person(Role.COORDINATOR, site.study, site)


def _settings(study: Study) -> list[StudySetting]:
    values = {
        "body_surface_formula": "MOSTELLER",
        "body_surface_cap_m2": None,
        "body_surface_round_to_mg": None,
    }
    return [
        StudySetting(study=study, key=key, value=value, default=value, description=key)
        for key, value in values.items()
    ]


def _regimen(study: Study, arm_a: Arm, arm_b: Arm) -> None:
    drugs = {
        code: Drug(study=study, code=code, name=code.capitalize(), route=route)
        for code, route in (
            ("TORIPALIMAB", Route.INTRAVENOUS),
            ("LENVATINIB", Route.ORAL),
            ("OXALIPLATIN", Route.INTRAVENOUS),
            ("GEMCITABINE", Route.INTRAVENOUS),
        )
    }
    save(study.chain, *drugs.values())
    fixed = {"rule": DoseRule.FIXED, "dose": Decimal(240), "frequency": Frequency.ONCE, "days": [1]}
    surface = {
        "rule": DoseRule.BODY_SURFACE,
        "unit": "mg/m2",
        "frequency": Frequency.ONCE,
        "cycle_length_days": 21,
    }
    bands = {"rule": DoseRule.WEIGHT_BAND, "frequency": Frequency.DAILY}
    lenvatinib = [
        RegimenElement(study=study, arm=arm, drug=drugs["LENVATINIB"], **bands) for arm in (arm_a, arm_b)
    ]
    save(
        study.chain,
        RegimenElement(study=study, arm=arm_a, drug=drugs["TORIPALIMAB"], cycle_length_days=21, **fixed),
        RegimenElement(
            study=study, arm=arm_b, drug=drugs["OXALIPLATIN"], dose=Decimal(85), days=[1], **surface
        ),
        RegimenElement(
            study=study, arm=arm_b, drug=drugs["GEMCITABINE"], dose=Decimal(1000), days=[1, 8], **surface
        ),
        *lenvatinib,
    )
    for element in lenvatinib:
        save(
            study.chain,
            DoseBand(
                study=study, element=element, from_kg=Decimal(0), below_kg=Decimal(60), dose_mg=Decimal(8)
            ),
            DoseBand(study=study, element=element, from_kg=Decimal(60), below_kg=None, dose_mg=Decimal(12)),
        )


def _schedule(study: Study, arm_b: Arm) -> list[VisitDefinition]:
    rows = (
        ("SCR", "Screening", Epoch.SCREENING, Anchor.CONSENT, 1, None, None),
        ("D1", "Day 1", Epoch.TREATMENT, Anchor.CYCLE, 1, None, None),
        ("D8", "Day 8", Epoch.TREATMENT, Anchor.CYCLE, 8, arm_b, None),
        ("IMG", "Imaging", Epoch.TREATMENT, Anchor.RANDOMIZATION, 43, None, 42),
    )
    return [
        VisitDefinition(
            study=study,
            code=code,
            title=title,
            epoch=epoch,
            anchor=anchor,
            day=day,
            arm=arm,
            every_days=every,
            order=order,
            window_before_days=3,
            window_after_days=3,
        )
        for order, (code, title, epoch, anchor, day, arm, every) in enumerate(rows)
    ]


def _criteria(study: Study) -> None:
    inclusion = Criterion(study=study, kind=CriterionKind.INCLUSION, number=1, text="Consent and performance")
    exclusion = Criterion(study=study, kind=CriterionKind.EXCLUSION, number=1, text="Other malignancy")
    save(study.chain, inclusion, exclusion)
    rows = (
        ("I1", inclusion, "Informed consent signed?", Evaluation.HUMAN, "consent"),
        ("I3", inclusion, "ECOG 0 or 1?", Evaluation.AUTOMATIC, "ECOG"),
        ("E1", exclusion, "Another malignancy?", Evaluation.HUMAN, "another malignancy"),
    )
    save(
        study.chain,
        *[
            AtomicCriterion(
                study=study,
                criterion=criterion,
                code=code,
                question=question,
                variable=variable,
                operator="in",
                threshold="0,1" if evaluation == Evaluation.AUTOMATIC else "",
                evaluation=evaluation,
                order=order,
            )
            for order, (code, criterion, question, evaluation, variable) in enumerate(rows)
        ],
    )


def _tests(study: Study) -> None:
    rows = (
        ("ALT", "Alanine aminotransferase", "U/L"),
        ("HGB", "Hemoglobin", "g/L"),
        ("UPROT", "Urine protein", ""),
    )
    tests = [
        LabTest(study=study, code=code, name=name, panel="CHEMISTRY", unit=unit, order=order)
        for order, (code, name, unit) in enumerate(rows)
    ]
    tests[2].normal_word = "NEGATIVE"
    save(study.chain, *tests)
    save(study.chain, LabUnit(study=study, test=tests[1], code="g/dL"))


def _ranges(study: Study, laboratory: Laboratory) -> list[ReferenceRange]:
    tests = {test.code: test for test in study.labtests.all()}
    limits = (
        ("ALT", "U/L", "", "9", "50"),
        ("HGB", "g/L", "M", "130", "175"),
        ("HGB", "g/L", "F", "115", "150"),
    )
    return [
        ReferenceRange(
            study=study,
            laboratory=laboratory,
            test=tests[code],
            unit=unit,
            sex=sex,
            low=Decimal(low),
            high=Decimal(high),
            valid_from=date(2019, 1, 1),
        )
        for code, unit, sex, low, high in limits
    ]
