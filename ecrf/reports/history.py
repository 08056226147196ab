"""The casebook of a subject as the history from which its endpoints are derived."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ecrf.reports.protocol import Protocol
from patients.derivations.death import death_of
from patients.derivations.doses_taken import first_dose
from patients.derivations.signs_of_life import Sign, signs_of_life
from patients.derivations.told_therapy import told_therapy
from patients.derivations.tumor_records import Unfinished, label_of, of_screening
from patients.derivations.tumor_response import LOCAL, TumorCourse, TumorPoint
from patients.facts import Facts, Source, source, source_of_day
from patients.models import (
    Allocation,
    Death,
    Disposition,
    DispositionReason,
    DispositionScope,
    LostToFollowUp,
    Procedure,
    ProcedureKind,
    Subject,
    SubsequentTherapy,
    SurvivalFollowUp,
    SurvivalStatus,
    TherapyKind,
    TumorAssessment,
    Visit,
    VisitStatus,
    Withdrawal,
    WithdrawalScope,
    YesNo,
)
from trials.clinical.endpoints.history import (
    Assessment,
    Happening,
    History,
    ReportedProgression,
    Resection,
    UndatedAssessment,
)
from trials.clinical.endpoints.possible import exactly
from trials.clinical.endpoints.rules import Handling
from trials.clinical.endpoints.schedule import PlannedAssessment, planned_assessments
from trials.clinical.partial_date import PartialDate, parse
from trials.clinical.recist.course import TimePoint
from trials.clinical.recist.response import Response

A_YEAR = timedelta(days=366)

# Treatment that ends for one of these ends before progression, "for toxicity or another reason". A resection
# has a setting of its own; who is lost has no later assessment anyway.
OTHER_REASONS = frozenset(
    {
        DispositionReason.ADVERSE_EVENT,
        DispositionReason.PHYSICIAN,
        DispositionReason.WITHDRAWAL,
        DispositionReason.DEVIATION,
        DispositionReason.PREGNANCY,
        DispositionReason.NO_BENEFIT,
        DispositionReason.PROHIBITED,
        DispositionReason.NON_COMPLIANCE,
        DispositionReason.SPONSOR,
        DispositionReason.SITE_TERMINATED,
        DispositionReason.OTHER,
    }
)
JUDGED = frozenset(Response) - {Response.NE, Response.ND, Response.MISSING}
LOCAL_THERAPIES = frozenset({ProcedureKind.ABLATION, ProcedureKind.EMBOLIZATION, ProcedureKind.RADIOTHERAPY})


def history_of(facts: Facts, subject: Subject, protocol: Protocol, course: TumorCourse) -> History:
    """Everything of a subject that its endpoints rest on. Reads nothing but the facts."""
    allocation = facts.allocation(subject)
    randomized = _randomized(subject, allocation)
    found = History(
        randomized=randomized,
        first_dose=_first_dose(facts, subject),
        baseline=_baseline(course),
        assessments=tuple(_assessment(point) for point in course.points),
        reported_progressions=tuple(_reported_progressions(facts, subject, course, protocol)),
        death=_death(facts, subject),
        death_known=_death_known(facts, subject),
        new_therapies=tuple(_new_therapies(facts, subject, allocation)),
        resections=tuple(_resections(facts, subject)),
        discontinuation=_discontinuation(_end_of_treatment(facts, subject, protocol)),
        alive=tuple(_signs_of_life(facts, subject)),
        lost=_lost(facts, subject),
        cutoff=facts.moment.cutoff,
        unfinished=tuple(map(_unfinished, course.unfinished)),
        told_later=tuple(_told_later(facts, subject)),
        undated=tuple(_undated(each) for each in course.undated if not of_screening(each)),
        undated_baseline=next((_undated(each) for each in course.undated if of_screening(each)), None),
        left_out=course.left_out,
    )
    if allocation is None:
        return found
    scans, day = protocol.scans.get(allocation.arm_id, ()), allocation.randomized_on
    planned = planned_assessments(scans, day, _last_day(found, day) + A_YEAR)
    return replace(found, planned=tuple(_at_visits(facts, subject, protocol, planned)))


def _at_visits(
    facts: Facts, subject: Subject, protocol: Protocol, planned: Iterable[PlannedAssessment]
) -> Iterator[PlannedAssessment]:
    """Each planned assessment with the visit of that day at which scans are due, where it is opened."""
    visits = {
        each.planned_on: each for each in facts.visits(subject) if each.definition_id in protocol.imaging
    }
    for each in planned:
        visit = visits.get(each.on)
        yield each if visit is None else replace(each, visit=visit.code, sources=(_planned(subject, visit),))


def _planned(subject: Subject, visit: Visit) -> Source:
    """The status of a visit; why it did not take place is said in somebody's words, on the visit only."""
    return Source(
        subject=subject.code,
        form="",
        path="visits",
        record_id=visit.pk,
        repeat=1,
        visit=visit.code,
        row="",
        field="status",
        question="Status",
        value=str(VisitStatus(visit.status).label),
        day=str(visit.planned_on),
    )


def _first_dose(facts: Facts, subject: Subject) -> Happening | None:
    dose = first_dose(facts, subject)
    return None if dose is None else Happening(exactly(dose.first), "the first dose", (dose.source,))


def _randomized(subject: Subject, allocation: Allocation | None) -> Happening | None:
    if allocation is None:
        return None
    day = allocation.randomized_on
    told = source_of_day(subject, "subjects", subject.pk, None, "randomized_on", "Day of randomization", day)
    return Happening(exactly(day), "randomization", (told,))


# ---------------------------------------------------------------- tumor
def _baseline(course: TumorCourse) -> Happening | None:
    if course.baseline is None:
        return None
    return Happening(exactly(course.baseline.last_on), "the baseline scan", course.baseline.sources)


def _assessment(point: TumorPoint) -> Assessment:
    """A time point; one that lacks an answer on which its response hangs has an undetermined response."""
    found = point.found
    grew = Response.PD in (found.target.response, found.non_target.response)
    progressed = found.overall.response is Response.PD
    by_lesion = progressed and bool(found.new_lesions.lesions)
    return Assessment(
        first_scan=exactly(found.first_on),
        last_scan=exactly(found.last_on),
        response=None if found.overall.missing else found.overall.response,
        new_lesion_on=exactly(found.on) if by_lesion else None,
        grew=grew,
        label=found.label,
        sources=point.sources,
        why=_why(found) if progressed else "" if found.overall.response in JUDGED else point.words,
    )


def _undated(form: TumorAssessment) -> UndatedAssessment:
    told = (source(form, "first_scan_on"),)
    return UndatedAssessment(None, f"assessment {label_of(form)}", told)


def _why(found: TimePoint) -> str:
    """What decided a progression, in words: each part that progressed."""
    parts = [each.words for each in (found.target, found.non_target) if each.response is Response.PD]
    parts += [found.new_lesions.words] if found.new_lesions.lesions else []
    return "; ".join(words.removeprefix("PD: ") for words in parts)


def _unfinished(cut: Unfinished) -> Happening:
    day = exactly(cut.form.first_scan_on)
    return Happening(day, f"assessment {label_of(cut.form)}", (source(cut.form, "first_scan_on"),))


def _reported_progressions(
    facts: Facts, subject: Subject, course: TumorCourse, protocol: Protocol
) -> Iterator[ReportedProgression]:
    """Progression that was told, and that no scan shows."""
    for point in course.points:
        if point.form is not None and point.form.clinical_progression == YesNo.YES:
            told = (source(point.form, "clinical_progression"),)
            yield ReportedProgression(exactly(point.found.last_on), "clinical deterioration", told)
    placed = {point.form.pk for point in course.points if point.form is not None}
    for form in facts.forms(TumorAssessment, subject):
        # Without a day of a scan it is no time point; that the disease progressed was told nevertheless.
        undated = not form.first_scan_on and form.pk not in placed
        if undated and form.clinical_progression == YesNo.YES and form.assessor in LOCAL:
            told = (source(form, "clinical_progression"),)
            yield ReportedProgression(None, "clinical deterioration", told)
    for contact in facts.forms(SurvivalFollowUp, subject):
        if contact.progressed == YesNo.YES:
            day = exactly(contact.progressed_on) if contact.progressed_on else None
            field = "progressed_on" if contact.progressed_on else "progressed"
            yield ReportedProgression(day, "progression told at a contact", (source(contact, field),))
    for therapy in facts.forms(SubsequentTherapy, subject):
        if therapy.progressed_on:
            told = (source(therapy, "progressed_on"),)
            day, words = parse(therapy.progressed_on), "progression under further therapy"
            yield ReportedProgression(day, words, told)
    if any(point.found.overall.response is Response.PD for point in course.points):
        return
    end = _end_of_treatment(facts, subject, protocol)
    if end is not None and DispositionReason.PROGRESSION in end.reasons:
        words = "the end of all study treatment for progression that no scan shows"
        yield ReportedProgression(_partial(end.on), words, end.sources, ended_treatment=True)


# ---------------------------------------------------------------- death and life
def _death(facts: Facts, subject: Subject) -> Happening | None:
    """The death, dated as far as it is; also one that is only told on another form, without a day."""
    if form := death_of(facts, subject):
        told = source(form, "died_on" if form.died_on else "cause" if form.cause else "known_on")
        return Happening(_partial(form.died_on), "the death", (told,))
    for contact in facts.forms(SurvivalFollowUp, subject):
        if contact.status == SurvivalStatus.DEAD:
            return Happening(None, "the death told at a contact", (source(contact, "status"),))
    for end in facts.forms(Disposition, subject):
        if end.reason == DispositionReason.DEATH and end.scope == DispositionScope.STUDY:
            return Happening(None, "the death told at the end of the study", (source(end, "reason"),))
    return None


def _death_known(facts: Facts, subject: Subject) -> Happening | None:
    """The first day on which somebody knew of the death."""
    known = [
        (form.known_on, source(form, "known_on")) for form in facts.forms(Death, subject) if form.known_on
    ]
    known += [
        (contact.contacted_on, source(contact, "contacted_on"))
        for contact in facts.forms(SurvivalFollowUp, subject)
        if contact.status == SurvivalStatus.DEAD and contact.contacted_on
    ]
    if not known:
        return None
    day, told = min(known, key=lambda pair: pair[0])
    return Happening(exactly(day), "the day on which it was known", (told,))


def _signs_of_life(facts: Facts, subject: Subject) -> Iterator[Happening]:
    """Of each kind of record the last day on which it shows the subject alive."""
    last: dict[tuple[str, str], Sign] = {}
    for sign in signs_of_life(facts, subject):
        known = last.get(sign.kind)
        if known is None or sign.day.earliest > known.day.earliest:
            last[sign.kind] = sign
    for sign in last.values():
        yield Happening(sign.day, sign.words, (sign.source,))


def _told_later(facts: Facts, subject: Subject) -> Iterator[Happening]:
    """What was told after the cutoff and shows the subject alive, also a death that certainly came later."""
    cutoff, whole = facts.moment.cutoff, facts.without_cutoff
    if cutoff is None:
        return
    yield from _signs_of_life(whole, subject)
    death = _death(whole, subject)
    if death is not None and death.on is not None and death.on.earliest > cutoff:
        yield death


def _lost(facts: Facts, subject: Subject) -> Happening | None:
    """From when on nobody could be asked: lost to follow-up, or no further contact wished."""
    ends = [
        (form.declared_on, "lost to follow-up", source(form, "declared_on"))
        for form in facts.forms(LostToFollowUp, subject)
        if form.declared_on and not form.found_again_on
    ]
    ends += [
        (form.withdrawn_on, "withdrawal from further contact", source(form, "withdrawn_on"))
        for form in facts.forms(Withdrawal, subject)
        if form.withdrawn_on and form.scope in (WithdrawalScope.CONTACT, WithdrawalScope.DATA)
    ]
    if not ends:
        return None
    day, words, told = min(ends, key=lambda end: end[0])
    return Happening(exactly(day), words, (told,))


# ---------------------------------------------------------------- treatment
def _new_therapies(facts: Facts, subject: Subject, allocation: Allocation | None) -> Iterator[Happening]:
    """Subsequent anticancer therapies, and local ones among the procedures after randomization."""
    resected = {each.performed_on for each in _resection_forms(facts, subject)}
    for form in facts.forms(SubsequentTherapy, subject):
        # An operation that is recorded as a resection counts as one, as the study's setting says.
        if form.kind != TherapyKind.SURGERY or form.started not in resected:
            told = source(form, "started" if form.started else "kind")
            yield Happening(_partial(form.started), "new anticancer therapy", (told,))
    for procedure in facts.forms(Procedure, subject):
        day = _partial(procedure.performed_on)
        earlier = day and allocation and day.latest < allocation.randomized_on
        if procedure.kind in LOCAL_THERAPIES and not earlier:
            told = source(procedure, "performed_on" if day else "kind")
            yield Happening(day, "local anticancer therapy", (told,))
    only_told, cutoff = told_therapy(facts, subject), facts.moment.cutoff
    if only_told is not None and (
        cutoff is None or only_told.between is None or only_told.between[0] <= cutoff
    ):
        yield Happening(None, only_told.words, (only_told.source,), between=only_told.between)


def _resections(facts: Facts, subject: Subject) -> Iterator[Resection]:
    for form in _resection_forms(facts, subject):
        handling = Handling(form.survival_handling) if form.survival_handling else None
        told = source(form, "performed_on" if form.performed_on else "kind")
        yield Resection(
            _partial(form.performed_on), "resection after downstaging", (told,), handling=handling
        )


def _resection_forms(facts: Facts, subject: Subject) -> list[Procedure]:
    return [each for each in facts.forms(Procedure, subject) if each.kind == ProcedureKind.RESECTION]


@dataclass(frozen=True)
class _EndOfTreatment:
    """The end of the last drug of the arm, with every reason that is given for that day.

    `on` None: the day of an end is not recorded; the reasons are those of every end that may be the last.
    """

    on: date | None
    reasons: frozenset[str]
    sources: tuple[Source, ...]


def _discontinuation(end: _EndOfTreatment | None) -> Happening | None:
    """The end of all treatment, where every reason for it is another one than progression."""
    if end is None or not end.reasons <= OTHER_REASONS:
        return None
    words = "the end of all study treatment for another reason than progression"
    return Happening(_partial(end.on), words, end.sources)


def _end_of_treatment(facts: Facts, subject: Subject, protocol: Protocol) -> _EndOfTreatment | None:
    allocation = facts.allocation(subject)
    if allocation is None:
        return None
    ends = [
        (form.ended_on, form.drug_id, form.reason, source(form, "reason"))
        for form in facts.forms(Disposition, subject)
        if form.scope == DispositionScope.TREATMENT and form.drug_id and form.reason
    ]
    ends += [
        (
            form.withdrawn_on,
            drug,
            DispositionReason.WITHDRAWAL,
            source(form, "withdrawn_on" if form.withdrawn_on else "scope"),
        )
        for form in facts.forms(Withdrawal, subject)
        if form.scope == WithdrawalScope.DRUG
        for drug in ([form.drug_id] if form.drug_id else protocol.drugs[allocation.arm_id])
    ]
    if not ends or not protocol.drugs[allocation.arm_id] <= {drug for _, drug, _, _ in ends}:
        return None
    last = max((day for day, _, _, _ in ends if day is not None), default=None)
    final = [(reason, told) for day, _, reason, told in ends if day in (last, None)]
    reasons, sources = zip(*final, strict=True)
    undated = any(day is None for day, _, _, _ in ends)
    return _EndOfTreatment(None if undated else last, frozenset(reasons), sources)


def _last_day(found: History, origin: date) -> date:
    """The last day on which anything of a history may lie; what has no day at all is not after today."""
    happenings: list[Happening | None] = [found.death, found.death_known, found.lost, found.discontinuation]
    happenings += [*found.alive, *found.new_therapies, *found.resections, *found.reported_progressions]
    days = [each.on.latest for each in happenings if each is not None and each.on is not None]
    days += [each.last_scan.latest for each in found.assessments]
    return max([origin, *days, *([found.cutoff] if found.cutoff else [])])


def _partial(written: str | date | None) -> PartialDate | None:
    if not written:
        return None
    return parse(written) if isinstance(written, str) else exactly(written)
