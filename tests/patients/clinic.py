"""A subject whose lesions and scans are entered as a coordinator enters them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from patients.actions.save_form import create_form
from patients.actions.visits import add_unscheduled_visit
from patients.derivations.tumor_response import TumorCourse, tumor_course
from patients.facts import Facts, Moment
from patients.models import Subject, TumorAssessment, TumorLesion, Visit
from tests.factories import make_list, randomized_subject, save
from trials.audit import clock
from trials.models import Site, Study, StudySetting, User

RANDOMIZED_ON = date(2021, 3, 10)
BASELINE_ON = date(2021, 3, 5)
SETTINGS = {
    "bor_confirmation": "BOTH",
    "bor_confirmation_days": 28,
    "bor_ne_between_max": 1,
    "bor_sd_between_accepted": False,
    "bor_after_complete_response": "PROGRESSION",
    "sd_minimum_weeks": 5,
    "lesion_too_small_mm": 5,
    "progression_date": "LAST_SCAN",
}


def after(weeks: float, days: int = 0) -> date:
    """A day counted from randomization."""
    return RANDOMIZED_ON + timedelta(days=round(weeks * 7) + days)


class Clinic:
    """Enters lesions and scans of one subject who was randomized on 10 March 2021."""

    def __init__(self, coordinator: User, subject: Subject, screening: Visit) -> None:
        self.coordinator, self.subject, self.screening = coordinator, subject, screening

    def enter(self, form: Any, rows: Any = None, visit: Visit | None = None, **data: Any) -> Any:
        options = {name: data.pop(name) for name in ("not_done_reason",) if name in data}
        return create_form(
            actor=self.coordinator,
            form=form,
            subject=self.subject,
            data=data,
            rows=rows,
            visit=visit,
            **options,
        )

    def lesion(self, label: str, role: str = "TARGET", on: date = BASELINE_ON, **data: Any) -> TumorLesion:
        usual: dict[str, Any] = {
            "organ": "LIVER",
            "lymph_node": "N",
            "method": "CT SCAN",
            "slice_thickness": "5",
        }
        given = usual | {"label": label, "role": role, "identified_on": on.isoformat()} | data
        lesion: TumorLesion = self.enter(TumorLesion, **given)
        return lesion

    def scan(
        self, on: date, sizes: dict[str, str], states: dict[str, str] | None = None, **data: Any
    ) -> TumorAssessment:
        """Scans of a day: sizes such as "42", "TOO SMALL TO MEASURE" of target lesions by label."""
        baseline = on <= RANDOMIZED_ON
        visit = self.screening if baseline else self.visit(on)
        measurements = [{"lesion": self.number(label), **_size(size)} for label, size in sizes.items()]
        others = [{"lesion": self.number(label), "state": state} for label, state in (states or {}).items()]
        usual = {"method": "CT SCAN", "assessor": "INVESTIGATOR"} | ({} if baseline else {"new_lesions": "N"})
        form: TumorAssessment = self.enter(
            TumorAssessment,
            rows={"measurements": measurements, "non_targets": others},
            visit=visit,
            **usual | {"first_scan_on": on.isoformat()} | data,
        )
        return form

    def visit(self, on: date) -> Visit:
        return add_unscheduled_visit(
            actor=self.coordinator, subject=self.subject, occurred_on=on, why="Imaging"
        )

    def number(self, label: str) -> int:
        return TumorLesion.objects.get(subject=self.subject, label=label, entered_in_error=False).repeat

    def course(self, moment: Moment | None = None, **options: Any) -> TumorCourse:
        return tumor_course(Facts([self.subject], moment or Moment()), self.subject, **options)

    def responses(self) -> list[str]:
        return [point.found.overall.response.value for point in self.course().points]


def _size(size: str) -> dict[str, str]:
    return {"state": size} if size[0].isalpha() else {"state": "MEASURED", "diameter": size}


@pytest.fixture
def clinic(study: Study, site: Site, coordinator: User, settings: Any) -> Clinic:
    settings.DEMO = True  # the simulated clock exists only there
    save(study.chain, *[_setting(study, key, value) for key, value in SETTINGS.items()])
    make_list(study, "AAAA")
    with clock.simulated(datetime(2021, 3, 10, 2, tzinfo=UTC)):
        subject = randomized_subject(coordinator, site)
    return Clinic(coordinator, subject, Visit.objects.get(subject=subject, code="SCR"))


def _setting(study: Study, key: str, value: Any) -> StudySetting:
    return StudySetting(study=study, key=key, value=value, default=value, description=key)


@pytest.fixture
def liver(clinic: Clinic) -> Clinic:
    """Two target lesions of the liver, 60 and 40 mm at baseline."""
    clinic.lesion("T1")
    clinic.lesion("T2")
    clinic.scan(BASELINE_ON, {"T1": "60", "T2": "40"})
    return clinic


def both(first: str, second: str) -> dict[str, str]:
    return {"T1": first, "T2": second}


def set_to(study: Study, key: str, value: Any) -> None:
    """Decide a setting of the study otherwise."""
    setting = StudySetting.objects.get(study=study, key=key)
    setting.value = value
    save(study.chain, setting)
