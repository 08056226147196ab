"""The synthetic study that is measured: subjects of one site, forms imported in sets, twenty tests."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from patients.actions.enroll import enroll
from patients.actions.import_forms import import_forms
from patients.models import (
    CaseReportForm,
    Demographics,
    EcogAssessment,
    InformedConsent,
    LabSample,
    Subject,
    VitalSigns,
)
from tests.factories import coordinator_of, make_site, make_study, person, save
from trials.models import LabTest, ReferenceRange, Role, Site, Study, User

FIRST_DAY = date(2021, 3, 1)
VISIT = "SCR"
TESTS = 20
CODES = [f"T{number}" for number in range(1, TESTS + 1)]
LOW, HIGH = 10, 50
REASON = "transfer from the laboratory system"

Line = dict[str, Any]


@dataclass
class Setting:
    """The study and who works in it. `transfers` counts imports, so that no external id is used twice."""

    study: Study
    site: Site
    data_manager: User
    coordinator: User
    subjects: list[Subject] = field(default_factory=list)
    transfers: int = 0


def prepare() -> Setting:
    """An empty study with twenty laboratory tests, each with a range of the site's laboratory."""
    study = make_study("BENCH")
    site = make_site(study, "ZS")
    laboratory = site.laboratories.get()
    tests = [
        LabTest(study=study, code=code, name=f"Test {code}", panel="PANEL", unit="U/L", order=order)
        for order, code in enumerate(CODES, study.labtests.count())
    ]
    save(study.chain, *tests)
    limits = {"low": Decimal(LOW), "high": Decimal(HIGH), "valid_from": date(2019, 1, 1)}
    ranges = [
        ReferenceRange(study=study, laboratory=laboratory, test=test, unit="U/L", **limits) for test in tests
    ]
    save(study.chain, *ranges)
    data_manager = person(Role.DATA_MANAGER, study, username="datamanager")
    return Setting(study, site, data_manager, coordinator_of(site))


def grow(setting: Setting, subjects: int, samples_each: int) -> None:
    """Enroll up to this many subjects; each gets consent, demographics, vital signs, ECOG and samples."""
    new = [
        enroll(actor=setting.coordinator, site=setting.site, screened_on=FIRST_DAY, is_synthetic=True)
        for _ in range(subjects - len(setting.subjects))
    ]
    setting.subjects += new
    day = FIRST_DAY.isoformat()
    at_visit = {"visit": VISIT, "measured_on": day}
    forms: dict[type[CaseReportForm], Line] = {
        InformedConsent: {"consented": "Y", "signed_on": day, "document_version": "1.0"},
        Demographics: {"birth": "1961-05", "age": 59, "sex": "M"},
        VitalSigns: {**at_visit, "weight": "60", "height": "170"},
        EcogAssessment: {"visit": VISIT, "assessed_on": day, "grade": "1"},
    }
    for form, answers in forms.items():
        transfer(setting, form, [{"subject": subject.code, **answers} for subject in new])
    transfer(setting, LabSample, list(samples(setting, new, samples_each * len(new))))


def samples(setting: Setting, subjects: list[Subject], count: int) -> Iterator[Line]:
    """Samples of twenty results each, spread evenly over the subjects; one result in twenty is abnormal."""
    setting.transfers += 1
    chance = random.Random(setting.transfers)
    laboratory = f"{setting.site.code}-LAB"
    for number in range(count):
        yield {
            "subject": subjects[number % len(subjects)].code,
            "visit": VISIT,
            "external_id": f"transfer {setting.transfers}, sample {number}",
            "collected_on": FIRST_DAY.isoformat(),
            "laboratory": laboratory,
            "panel": "PANEL",
            "results": [{"test": code, "value": _value(chance), "unit": "U/L"} for code in CODES],
        }


def _value(chance: random.Random) -> str:
    abnormal = chance.random() < 0.05
    return f"{chance.uniform(HIGH + 1, HIGH * 3) if abnormal else chance.uniform(LOW + 1, HIGH - 1):.1f}"


def transfer(setting: Setting, form: type[CaseReportForm], lines: list[Line]) -> None:
    """Import the lines as the data manager. Raises AssertionError when a line is not stored."""
    report = import_forms(
        actor=setting.data_manager, study=setting.study, form=form, lines=lines, reason=REASON
    )
    assert report.stored == len(lines), report.rejected
