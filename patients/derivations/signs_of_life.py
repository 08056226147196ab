"""The days on which a subject was certainly alive, each with the answer that shows it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from patients.facts import Facts, Source, source, source_of_day
from patients.models import (
    AdverseEvent,
    CaseReportForm,
    DailyDosePeriod,
    DoseAdministration,
    Electrocardiogram,
    EntryState,
    InformationSource,
    InformedConsent,
    LabSample,
    LostToFollowUp,
    PhysicalExamination,
    Procedure,
    Subject,
    SubsequentTherapy,
    SurvivalFollowUp,
    SurvivalStatus,
    TumorAssessment,
    Visit,
    VisitStatus,
    VitalSigns,
    YesNo,
)
from trials.clinical.partial_date import PartialDate, parse
from trials.models import Epoch

REACHED = (InformationSource.CLINIC, InformationSource.TELEPHONE)
"""Sources by which the subject was met or spoken to."""
WITHOUT_CONTACT = (
    InformationSource.RECORD,
    InformationSource.REGISTRY,
    InformationSource.PHYSICIAN,
    InformationSource.CERTIFICATE,
)
"""Sources that tell of the subject without anybody asking the subject or the family."""


def was_reached(contact: SurvivalFollowUp) -> bool:
    """Whether the subject was met or spoken to on the day of a contact."""
    return contact.status == SurvivalStatus.ALIVE and contact.source in REACHED


@dataclass(frozen=True)
class Answer:
    """A question whose day shows that the subject was alive, and of which forms it does.

    `contact`: whether the site had to do with the subject, or with who speaks for the subject.
    """

    form: Any
    field: str
    words: str
    contact: Callable[[Any], bool] = lambda form: False
    holds: Callable[[Any], bool] = lambda form: True


def _yes(form: CaseReportForm) -> bool:
    return True


ANSWERS = (
    Answer(InformedConsent, "signed_on", "consent"),
    Answer(
        DoseAdministration, "given_on", "a dose", contact=_yes, holds=lambda form: form.given == YesNo.YES
    ),
    Answer(DailyDosePeriod, "started", "a dose", holds=lambda form: form.was_given),
    Answer(DailyDosePeriod, "ended", "a dose", holds=lambda form: form.was_given),
    Answer(VitalSigns, "measured_on", "vital signs", contact=_yes),
    Answer(PhysicalExamination, "examined_on", "a physical examination", contact=_yes),
    Answer(LabSample, "collected_on", "a laboratory sample", contact=_yes),
    Answer(Electrocardiogram, "performed_on", "an electrocardiogram", contact=_yes),
    Answer(TumorAssessment, "first_scan_on", "a scan", contact=_yes),
    Answer(TumorAssessment, "last_scan_on", "a scan", contact=_yes),
    Answer(SurvivalFollowUp, "contacted_on", "a contact", contact=_yes, holds=was_reached),
    Answer(
        SurvivalFollowUp,
        "last_known_alive_on",
        "a contact",
        contact=lambda form: form.source not in WITHOUT_CONTACT,
    ),
    Answer(SurvivalFollowUp, "progressed_on", "progression told at a contact"),
    Answer(LostToFollowUp, "last_contact_on", "a contact", contact=_yes),
    Answer(AdverseEvent, "started", "an adverse event"),
    Answer(Procedure, "performed_on", "a procedure"),
    Answer(SubsequentTherapy, "started", "further therapy"),
    Answer(SubsequentTherapy, "progressed_on", "progression under further therapy"),
)


@dataclass(frozen=True)
class Sign:
    """A day, known at least in part, on which the subject was alive. `holder`: what tells of it."""

    day: PartialDate
    words: str
    contact: bool
    holder: CaseReportForm | Visit
    field: str

    @property
    def kind(self) -> tuple[str, str]:
        """Signs that the same question shows are of one kind."""
        return type(self.holder).__name__, self.field

    @property
    def source(self) -> Source:
        if isinstance(self.holder, CaseReportForm):
            return source(self.holder, self.field)
        visit, day = self.holder, self.day.earliest
        return source_of_day(
            visit.subject, "visits", visit.pk, visit.code, self.field, "Day of the visit", day
        )


def signs_of_life(facts: Facts, subject: Subject) -> list[Sign]:
    """Every sign of life: visits in person first, then the answers in the order of the table."""
    return facts.once(_read, subject)


def _read(facts: Facts, subject: Subject) -> list[Sign]:
    return [*_visits_in_person(facts, subject), *_answers(facts, subject)]


def _answers(facts: Facts, subject: Subject) -> Iterator[Sign]:
    for each in ANSWERS:
        for form in facts.forms(each.form, subject):
            day = _day(getattr(form, each.field))
            if day is not None and form.entry_state != EntryState.NOT_DONE and each.holds(form):
                yield Sign(day, each.words, each.contact(form), form, each.field)


def _day(written: str | date | None) -> PartialDate | None:
    return parse(str(written)) if written else None


def _visits_in_person(facts: Facts, subject: Subject) -> Iterator[Sign]:
    """Visits at which the subject came. Of a contact for survival its own form tells who was alive when."""
    cutoff = facts.moment.cutoff or date.max
    contacts = {form.visit_id for form in facts.forms(SurvivalFollowUp, subject)}
    for visit in facts.visits(subject):
        day, definition = visit.occurred_on, visit.definition
        if visit.status != VisitStatus.OCCURRED or day is None or day > cutoff or visit.pk in contacts:
            continue
        if definition is None or definition.epoch != Epoch.LONG_TERM_FOLLOW_UP:
            yield Sign(parse(str(day)), f"visit {visit.code}", True, visit, "occurred_on")
