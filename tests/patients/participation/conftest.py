"""A subject in arm B since 2021-03-15, in a study whose schedule goes on after the last dose."""

from typing import Any

import pytest

from patients.actions.randomize import randomize
from patients.actions.save_form import create_form
from patients.models import CaseReportForm, Subject, Visit
from tests.factories import make_list, save, screened_subject
from tests.patients.participation.life import Tell
from trials.audit import clock
from trials.models import Anchor, Epoch, ScheduledForm, Site, Study, StudySetting, User, VisitDefinition


@pytest.fixture
def schedule(study: Study) -> Study:
    """The schedule of the small study, with what comes after the last dose and scans at imaging."""
    later = (
        ("EOT", Epoch.TREATMENT, 1, None),
        ("SFU", Epoch.FOLLOW_UP, 31, None),
        ("SURV", Epoch.LONG_TERM_FOLLOW_UP, 91, 90),
    )
    rows = [
        VisitDefinition(
            study=study,
            code=code,
            title=code,
            epoch=epoch,
            anchor=Anchor.LAST_DOSE,
            day=day,
            every_days=every,
            order=10 + place,
            window_before_days=7,
            window_after_days=7,
        )
        for place, (code, epoch, day, every) in enumerate(later)
    ]
    save(study.chain, *rows)
    imaging = VisitDefinition.objects.get(study=study, code="IMG")
    save(study.chain, ScheduledForm(study=study, visit=imaging, form="TR"))
    setting = {"key": "imaging_until", "value": "PROGRESSION", "default": "PROGRESSION"}
    save(study.chain, StudySetting(study=study, description="x", **setting))
    return study


@pytest.fixture
def life(coordinator: User, site: Site, schedule: Study, settings: Any) -> Subject:
    """In arm B since 2021-03-15."""
    settings.DEMO = True  # the clock is simulated for the act of randomization alone
    make_list(schedule, "BBBB")
    subject = screened_subject(coordinator, site)
    with clock.simulated(clock.now().replace(year=2021, month=3, day=15, hour=4)):
        randomize(actor=coordinator, subject=subject)
    subject.refresh_from_db()
    return subject


@pytest.fixture
def tell(coordinator: User, life: Subject) -> Tell:
    def create(form: type[CaseReportForm], rows: Any = None, visit: Visit | None = None, **data: Any) -> Any:
        return create_form(actor=coordinator, form=form, subject=life, data=data, rows=rows, visit=visit)

    return create
