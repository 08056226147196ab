"""What happened before: therapies, conditions, and the first examinations for the study."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from patients.derivations.eligibility.case import Case, evidence_of, exactly, written_date
from patients.derivations.eligibility.evidence import Evidence, Found, found, missing
from patients.models import (
    CaseReportForm,
    Echocardiogram,
    EcogAssessment,
    Electrocardiogram,
    LabSample,
    MedicalHistory,
    MissingReason,
    PhysicalExamination,
    PregnancyTest,
    PriorTherapy,
    TherapyKind,
    TumorHistory,
    VitalSigns,
    YesNo,
)
from patients.reading import clinical_span
from trials.clinical.eligibility.operands import Episode, Episodes
from trials.clinical.eligibility.options import Therapy
from trials.clinical.partial_date import PartialDate, Truth
from trials.clinical.reading import any_of

# ---------------------------------------------------------------- prior anticancer therapy
BY_DRUGS = frozenset(Therapy) - {Therapy.RADIOTHERAPY, Therapy.SURGERY}
NAMES = {
    Therapy.SYSTEMIC: "systemic therapy",
    Therapy.LENVATINIB: "lenvatinib",
    Therapy.GEMCITABINE: "gemcitabine",
    Therapy.PLATINUM: "platinum",
    Therapy.PD1_PDL1: "antibody against PD-1 or PD-L1",
    Therapy.RADIOTHERAPY: "radiotherapy",
    Therapy.SURGERY: "surgery",
}


def _of_kind(*kinds: str) -> Callable[[PriorTherapy], Truth]:
    return lambda form: Truth.UNKNOWN if not form.kind else Truth.YES if form.kind in kinds else Truth.NO


def _containing(name: str) -> Callable[[PriorTherapy], Truth]:
    answers = {YesNo.YES: Truth.YES, YesNo.NO: Truth.NO}
    return lambda form: answers.get(getattr(form, name), Truth.UNKNOWN)


WAS: Mapping[Therapy, Callable[[PriorTherapy], Truth]] = {
    Therapy.SYSTEMIC: _of_kind(*TherapyKind.systemic()),
    Therapy.LENVATINIB: _containing("contains_lenvatinib"),
    Therapy.GEMCITABINE: _containing("contains_gemcitabine"),
    Therapy.PLATINUM: _containing("contains_platinum"),
    Therapy.PD1_PDL1: _containing("contains_pd1"),
    Therapy.RADIOTHERAPY: _of_kind(TherapyKind.RADIOTHERAPY),
    Therapy.SURGERY: _of_kind(TherapyKind.SURGERY, TherapyKind.TRANSPLANTATION),
}
"""Whether a prior therapy was, or held, what a criterion asks about."""


def prior_therapy(case: Case) -> Found:
    """The prior therapies of the option `therapies`; that there was none must have been said by somebody."""
    wanted = [Therapy(each) for each in case.options["therapies"]]
    forms = case.facts.forms(PriorTherapy, case.subject)
    history = _tumor_history(case)
    systemic = [form for form in forms if WAS[Therapy.SYSTEMIC](form) is not Truth.NO]
    of_history = _told_in_history(history, systemic, wanted)
    evidence = [each for form in forms for each in _shown_therapy(form)]
    if history is not None and BY_DRUGS & set(wanted):
        evidence += _shown_statement(history)
        if not systemic and not history.last_systemic_therapy and not _says_none(history):
            return Found(missing("answer to “End of the last systemic therapy”").groups, tuple(evidence))
    elif not forms and BY_DRUGS & set(wanted):
        return missing("prior therapy, nor the answer in the tumor history that there was none")
    certain = {form.pk: any_of(*(WAS[each](form) for each in wanted)) for form in forms}
    episodes = [_episode(form, certain[form.pk]) for form in forms if certain[form.pk] is not Truth.NO]
    anchor, anchor_name = case.anchor()
    name = " or ".join(NAMES[each] for each in wanted)
    return found(Episodes(name, (*episodes, *of_history), anchor, anchor_name), *evidence)


def _tumor_history(case: Case) -> TumorHistory | None:
    forms = case.facts.forms(TumorHistory, case.subject)
    return forms[-1] if forms else None


def _says_none(history: TumorHistory) -> bool:
    return history.missing_reasons.get("last_systemic_therapy") == MissingReason.NOT_APPLICABLE


def _told_in_history(
    history: TumorHistory | None, systemic: Sequence[PriorTherapy], wanted: Sequence[Therapy]
) -> tuple[Episode, ...]:
    """The last systemic therapy of the tumor history, where none of the recorded ones can be it."""
    end = written_date(history.last_systemic_therapy) if history is not None else None
    if end is None or not BY_DRUGS & set(wanted):
        return ()
    for form in systemic:
        known = written_date(form.ended)
        if known is None or (known.earliest <= end.latest and end.earliest <= known.latest):
            return ()
    certain = Truth.YES if Therapy.SYSTEMIC in wanted else Truth.UNKNOWN
    return (Episode("the last systemic therapy of the tumor history", end=end, certain=certain),)


def _episode(form: PriorTherapy, certain: Truth) -> Episode:
    # A therapy that is said to be ongoing and to have ended leaves its end open.
    contradictory = form.ongoing == YesNo.YES and bool(form.ended)
    return Episode(
        form.agents or f"prior therapy {form.repeat}",
        written_date(form.started),
        None if contradictory else written_date(form.ended),
        form.ongoing == YesNo.YES and not contradictory,
        certain,
    )


def _shown_therapy(form: PriorTherapy) -> Iterator[Evidence]:
    label = f"Prior therapy {form.repeat}"
    for name in ("agents", "started", "ended", "ongoing"):
        if getattr(form, name):
            asked: Any = form._meta.get_field(name)
            yield evidence_of(form, name, called=f"{label}: {asked.verbose_name}")


def _shown_statement(history: TumorHistory) -> list[Evidence]:
    shown = evidence_of(history, "last_systemic_therapy")
    if history.last_systemic_therapy:
        return [shown]
    reason = history.missing_reasons.get("last_systemic_therapy", "")
    said = str(MissingReason(reason).label).lower() if reason in MissingReason.values else "not answered"
    return [evidence_of(history, "last_systemic_therapy", remarks=(said,))]


# ---------------------------------------------------------------- conditions
def medical_history(case: Case) -> Found:
    """Conditions whose verbatim term holds one of the option `terms`, in any case of letters."""
    terms = [str(each).casefold() for each in case.options["terms"]]
    forms = [
        form
        for form in case.facts.forms(MedicalHistory, case.subject)
        if any(term in (form.term or "").casefold() for term in terms)
    ]
    anchor, anchor_name = case.anchor()
    episodes = tuple(
        Episode(
            form.term or "", written_date(form.started), written_date(form.ended), form.ongoing == YesNo.YES
        )
        for form in forms
    )
    name = f"condition with “{'”, “'.join(case.options['terms'])}” in the medical history"
    return found(
        Episodes(name, episodes, anchor, anchor_name), *(evidence_of(form, "term") for form in forms)
    )


# ---------------------------------------------------------------- examinations for the study
# Scans are left out: one made in routine care before consent may serve as baseline.
PROCEDURES: tuple[type[CaseReportForm], ...] = (
    VitalSigns,
    EcogAssessment,
    LabSample,
    PhysicalExamination,
    Electrocardiogram,
    Echocardiogram,
    PregnancyTest,
)


def study_procedures(case: Case) -> Found:
    """The day of the first examination of each kind."""
    anchor, anchor_name = case.anchor()
    first = [(form, day) for model in PROCEDURES if (form := _first(case, model)) and (day := _day(form))]
    episodes = tuple(Episode(str(form.form.title), day, day) for form, day in first)
    evidence = [evidence_of(form, form.form.dated_by, called=str(form.form.title)) for form, _on in first]
    return found(Episodes("examination for the study", episodes, anchor, anchor_name), *evidence)


def _first(case: Case, model: type[CaseReportForm]) -> Any:
    dated = (form for form in case.facts.forms(model, case.subject) if getattr(form, form.form.dated_by))
    return next(dated, None)


def _day(form: CaseReportForm) -> PartialDate | None:
    span = clinical_span(form)
    return exactly(span[0]) if span is not None else None
