"""A small trial in two arms, as coordinators enter it; every subject is randomized on 10 March 2021."""

from datetime import UTC, date, datetime
from typing import Any

import yaml
from django.conf import settings as django_settings

from ecrf.reports.choices import Choices
from ecrf.reports.efficacy import Efficacy, efficacy, study_choices
from ecrf.reports.endpoints import SubjectEndpoints, endpoints_of
from ecrf.reports.protocol import Protocol
from patients.facts import NOW, Facts, Moment
from patients.models import (
    DailyDosePeriod,
    Death,
    Disposition,
    Procedure,
    Subject,
    SubsequentTherapy,
    SurvivalFollowUp,
    Visit,
)
from tests.factories import coordinator_of, make_list, make_site, make_study, randomized_subject, save
from tests.patients.clinic import BASELINE_ON, RANDOMIZED_ON, Clinic, after
from trials.audit import clock
from trials.clinical.endpoints.result import Endpoint
from trials.models import ScheduledForm, Site, Study, StudySetting, User, VisitDefinition

RANDOMIZED_AT = datetime(2021, 3, 10, 2, tzinfo=UTC)
LATER = datetime(2023, 6, 1, 2, tzinfo=UTC)
SETTINGS = "fixtures/protocol/NCT04361331/settings.yaml"


class Patient(Clinic):
    """One subject with a target lesion of 100 mm at baseline, and what happens to it, in weeks."""

    def treated(self) -> None:
        self.enter(
            DailyDosePeriod,
            drug="LENVATINIB",
            started=RANDOMIZED_ON.isoformat(),
            dose="12",
            frequency="QD",
        )

    def measured(self) -> None:
        self.lesion("T1")
        self.scan(BASELINE_ON, {"T1": "100"})

    def looks(self, **sizes: str) -> None:
        """`looks(w6="60", w12="55")`: the size of the lesion on the days of these weeks."""
        for week, size in sizes.items():
            self.scan(after(int(week[1:])), {"T1": size})

    def died(self, on: date | str, **data: Any) -> Any:
        told = {"cause": "DISEASE PROGRESSION", "cause_in_words": "Cholangiocarcinoma", "source": "FAMILY"}
        return self.enter(Death, died_on=str(on), **{"known_on": "2023-05-01"} | told | data)

    def alive(self, on: date, **data: Any) -> Any:
        day = on.isoformat()
        usual = {"source": "FAMILY", "status": "ALIVE", "new_therapy": "N", "last_known_alive_on": day}
        return self.enter(SurvivalFollowUp, contacted_on=day, visit=self.visit(on), **usual | data)

    def further_therapy(self, on: date | str, **data: Any) -> Any:
        told = {"kind": "SYSTEMIC", "agents": "Capecitabine"}
        return self.enter(SubsequentTherapy, started=str(on), **told | data)

    def resected(self, on: date | str, **data: Any) -> Any:
        told = {"name": "Hemihepatectomy", "indication": "Downstaged", "intent": "CURATIVE"}
        return self.enter(Procedure, kind="RESECTION", performed_on=str(on), **told | data)

    def ended(self, drug: str, on: date, reason: str) -> Any:
        return self.enter(
            Disposition, scope="TREATMENT", drug=drug, ended_on=on.isoformat(), reason=reason, detail="Told"
        )


class Trial:
    """A study with one site; `patient()` enrolls, randomizes and treats the next subject: A, B, A, B, ..."""

    def __init__(self, sites: str = "ZS") -> None:
        self.study: Study = make_study()
        self.site: Site = make_site(self.study, sites)
        self.coordinator: User = coordinator_of(self.site)
        with open(django_settings.BASE_DIR / SETTINGS, encoding="utf-8") as stream:
            rows = yaml.safe_load(stream)["settings"]
        held = set(self.study.studysettings.values_list("key", flat=True))
        named = ("key", "value", "default", "description")
        save(
            self.study.chain,
            *[
                StudySetting(study=self.study, **{name: row[name] for name in named})
                for row in rows
                if row["key"] not in held
            ],
        )
        imaging = VisitDefinition.objects.get(study=self.study, code="IMG")
        save(self.study.chain, ScheduledForm(study=self.study, visit=imaging, form="TR"))
        make_list(self.study, "AB" * 10)

    def set(self, key: str, value: Any) -> None:
        """Decide a setting otherwise."""
        row = StudySetting.objects.get(study=self.study, key=key)
        row.value = value
        save(self.study.chain, row)

    def patient(
        self, coordinator: User | None = None, site: Site | None = None, *, treated: bool = True
    ) -> Patient:
        actor, place = coordinator or self.coordinator, site or self.site
        with clock.simulated(RANDOMIZED_AT):
            subject = randomized_subject(actor, place)
        patient = Patient(actor, subject, Visit.objects.get(subject=subject, code="SCR"))
        if treated:
            patient.treated()
        patient.measured()
        return patient

    def choices(self, moment: Moment = NOW) -> Choices:
        return study_choices(self.study, moment)

    def endpoints(self, patient: Patient, moment: Moment = NOW) -> SubjectEndpoints:
        facts = Facts([Subject.objects.select_related("site", "study").get(pk=patient.subject.pk)], moment)
        [subject] = facts.subjects.values()
        return endpoints_of(facts, subject, Protocol.of(self.study))

    def report(self, moment: Moment = NOW, chosen: Choices | None = None) -> Efficacy:
        seen = Subject.objects.filter(study=self.study).select_related("site", "study").order_by("code")
        return efficacy(self.study, list(seen), "all sites", moment, chosen or self.choices(moment))


def told(
    trial: Trial, patient: Patient, endpoint: Endpoint = Endpoint.PFS, **under: Any
) -> tuple[str, Any, str]:
    """Outcome, day and rule of a time."""
    chosen = trial.choices()
    if under:
        chosen = chosen.under(under.get("censoring", chosen.rules.censoring), under.get("resection"))
    found = trial.endpoints(patient).time(endpoint, chosen)
    assert found.time is not None, found.words
    return found.outcome.value, found.time.on, found.time.rule.value


def words_of(
    trial: Trial, patient: Patient, endpoint: Endpoint = Endpoint.PFS
) -> tuple[str, tuple[str, ...]]:
    """The outcome of a time, and what is missing for it."""
    found = trial.endpoints(patient).time(endpoint, trial.choices())
    return found.outcome.value, found.missing
