"""A site with a form and the people around a query."""

from typing import Any

import pytest

from patients.actions.ask import place, raise_query
from patients.actions.save_form import change_form, create_form
from patients.models import LabSample, MessageKind, Query, Severity, Subject, VitalSigns
from tests.factories import CONSENT_DAY, UserFactory, coordinator_of, make_site, make_study, person
from tests.factories import screened_subject as screened
from trials.models import Role, Site, Study, User

DAY = CONSENT_DAY.isoformat()
LINES = [{"systolic": 120, "diastolic": 80}, {"systolic": 130, "diastolic": 85}]


class Desk:
    """Study, site, screened subject with a form of vital signs, and one person in each role of a query."""

    def __init__(self) -> None:
        self.study: Study = make_study()
        self.site: Site = make_site(self.study)
        self.coordinator: User = coordinator_of(self.site)
        self.investigator = person(Role.INVESTIGATOR, self.study, self.site)
        self.monitor = person(Role.MONITOR, self.study, self.site)
        self.manager = person(Role.DATA_MANAGER, self.study)
        self.statistician = person(Role.STATISTICIAN, self.study)
        self.subject: Subject = screened(self.coordinator, self.site)
        self.form = self.entered()

    def entered(self, **data: Any) -> VitalSigns:
        form: VitalSigns = create_form(
            actor=self.coordinator,
            form=VitalSigns,
            subject=self.subject,
            visit=self.subject.visits.get(code="SCR"),
            data={"measured_on": DAY, "weight": "70", "pulse": "72"} | data,
            rows={"blood_pressures": LINES},
        )
        return form

    def sample(self) -> LabSample:
        form: LabSample = create_form(
            actor=self.coordinator,
            form=LabSample,
            subject=self.subject,
            visit=self.subject.visits.get(code="SCR"),
            data={"collected_on": DAY, "laboratory": self.site.laboratories.get().code},
            rows={"results": [{"test": "HGB", "value": "130", "unit": "g/L"}]},
        )
        return form

    def ask(self, actor: User | None = None, **about: Any) -> Query:
        """A query of the monitor about the weight, unless something else is said."""
        record = about.pop("record", self.form)
        severity, words = about.pop("severity", Severity.SOFT), about.pop("words", "Is it in the source?")
        asked = place(record, **({"field": "weight"} | about))
        return raise_query(actor=actor or self.monitor, asked=asked, words=words, severity=severity)

    def correct(self, rows: Any = None, record: Any = None, **data: Any) -> Any:
        record = record or self.form
        record.refresh_from_db()
        options: dict[str, Any] = {
            name: data.pop(name) for name in ("answers_queries", "actor") if name in data
        }
        return change_form(
            **({"actor": self.coordinator} | options),
            record=record,
            version=record.version,
            reason="read again",
            data=data,
            rows=rows,
        )


def account() -> Any:
    """A user without a role yet."""
    return UserFactory()


def now(query: Query) -> Query:
    return Query.objects.select_related("subject__site", "subject__chain", "raised_in", "state_in").get(
        pk=query.pk
    )


def said(query: Query) -> list[tuple[str, str]]:
    """Kind and words of everything said after the question."""
    return list(query.messages.order_by("id").values_list("kind", "text"))


def kinds(query: Query) -> list[MessageKind]:
    return [MessageKind(kind) for kind, _words in said(query)]


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()
