"""Checks of consent: nothing of the study before it, and each new version of the document signed in time."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from patients.checks.engine import EVERY_FORM, VISIT, Check, Hit
from patients.derivations.consent import consent_of
from patients.facts import Facts
from patients.fields import ExactDateField, PartialDateField
from patients.forms import definition_of
from patients.models import (
    CaseReportForm,
    ConsentKind,
    DailyDosePeriod,
    DeviationCategory,
    DoseAdministration,
    EligibilityAssessment,
    InformedConsent,
    SampleKind,
    Severity,
    Subject,
    TissueSample,
    Visit,
    YesNo,
)
from trials.clinical.partial_date import Truth, before

BEFORE_THE_STUDY = ("IC", "DM", "MH", "PT", "TH", "CM", "DV")
"""Forms whose dates may lie before consent: the consent itself, histories, medication, deviations."""
OF_ITS_OWN = ("AE",)
"""Adverse events have a check of their own (EC21c)."""
ROUTINE = ("LB", "EG", "CV", "TR", "TU", "BS", "PR")
"""What may have been done as routine before consent and be used all the same: confirmed, not forbidden."""
HISTORY = {"PREX": ("last_menstruation",), "TU": ("identified_on",)}
"""Dates of other forms that may lie before consent."""
SIGNED_AGAIN = (None, ConsentKind.MAIN, ConsentKind.RECONSENT)
TISSUE = (SampleKind.ARCHIVAL, SampleKind.FRESH, SampleKind.RESECTION)


def dated_before_consent(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    if form.form.oid not in (*BEFORE_THE_STUDY, *OF_ITS_OWN, *ROUTINE):
        yield from _too_early(
            form, facts, "It is dated {day}, before consent ({consent}): which day is right?"
        )


def done_as_routine_before_consent(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    yield from _too_early(
        form, facts, "It is dated {day}, before consent ({consent}): was it done as routine care?"
    )


def visit_lies_before_consent(form: Visit, facts: Facts) -> Iterator[Hit]:
    consent = consent_of(facts, form.subject)
    if consent is None or consent.signed_on is None or form.occurred_on is None:
        return
    if form.occurred_on < consent.signed_on:
        yield Hit(
            "occurred_on",
            f"{form.code} took place on {form.occurred_on}, before consent ({consent.signed_on}): which day "
            "is right?",
        )


def consent_is_missing(
    form: DoseAdministration | DailyDosePeriod | EligibilityAssessment, facts: Facts
) -> Iterator[Hit]:
    """Nobody is treated or randomized without a signed consent on record."""
    if consent_of(facts, form.subject) is not None:
        return
    if isinstance(form, EligibilityAssessment):
        if facts.allocation(form.subject) is not None:
            yield Hit(
                "assessed_on",
                "The subject is randomized, but no signed consent is recorded: please enter it.",
            )
    elif form.was_given:
        yield Hit("drug", "A study drug was given, but no signed consent is recorded: please enter it.")


def consent_follows_randomization(form: InformedConsent, facts: Facts) -> Iterator[Hit]:
    allocation = facts.allocation(form.subject)
    if allocation is None or form != consent_of(facts, form.subject) or form.signed_on is None:
        return
    if form.signed_on > allocation.randomized_on:
        yield Hit(
            "signed_on", f"Signed after randomization ({allocation.randomized_on}): which day is right?"
        )


def new_version_is_not_signed(form: InformedConsent, facts: Facts) -> Iterator[Hit]:
    """A version that came into use after this, the first consent, is signed by the first visit under it."""
    if form != consent_of(facts, form.subject):
        return
    days = sorted(visit.occurred_on for visit in facts.visits(form.subject) if visit.occurred_on)
    for version, since, until in _versions_in_use(facts, form.subject):
        first = next((day for day in days if since <= day and (until is None or day < until)), None)
        if first is None or form.signed_on is None or form.signed_on >= since:
            continue
        signed = _signed(facts, form.subject, version)
        if signed is None or signed > first:
            late = f"was signed on {signed} only" if signed else "is not signed"
            yield Hit(
                "document_version",
                f"Version {version} of the consent document, in use since {since}, {late}, although the "
                f"subject came on {first}.",
            )
            return


def sample_has_no_consent(form: TissueSample, facts: Facts) -> Iterator[Hit]:
    """What a sample says about consent is what the signed consents say."""
    signed = [each for each in facts.forms(InformedConsent, form.subject) if each.consented == YesNo.YES]
    tissue = {each.tissue_consent for each in signed} | {
        YesNo.YES for each in signed if each.kind == ConsentKind.TISSUE
    }
    genetic = {each.genetic_consent for each in signed} | {
        YesNo.YES for each in signed if each.kind == ConsentKind.GENETIC
    }
    if form.kind in TISSUE and form.tissue_consent == YesNo.YES and YesNo.YES not in tissue:
        yield Hit(
            "tissue_consent",
            "No informed consent says that the subject agreed to provide tissue: please check both forms.",
        )
    if form.genetic_consent == YesNo.YES and YesNo.YES not in genetic:
        yield Hit(
            "genetic_consent",
            "No informed consent says that the subject agreed to genetic tests: please check both forms.",
        )


def _too_early(form: CaseReportForm, facts: Facts, words: str) -> Iterator[Hit]:
    """The first date of a form that certainly lies before consent."""
    consent = consent_of(facts, form.subject)
    if consent is None or consent.signed_on is None:
        return
    signed = consent.signed_on.isoformat()
    for name in _dates(form):
        value = getattr(form, name)
        if value is not None and before(str(value), signed) is Truth.YES:
            yield Hit(name, words.format(day=value, consent=signed))
            return


def _dates(form: CaseReportForm) -> list[str]:
    """The questions of a form that ask for a day of the study."""
    known = HISTORY.get(form.form.oid, ())
    return [
        item.name
        for item in definition_of(type(form)).asked
        if isinstance(item.field, ExactDateField | PartialDateField) and item.name not in known
    ]


def _versions_in_use(facts: Facts, subject: Subject) -> Iterator[tuple[str, date, date | None]]:
    """Version, first day of its use, and the day on which the next one takes its place."""
    versions: list[dict[str, Any]] = facts.setting(subject, "consent_versions") or []
    known = sorted((date.fromisoformat(each["valid_from"]), str(each["version"])) for each in versions)
    ends = [*(since for since, _version in known[1:]), None][: len(known)]
    for (since, version), until in zip(known, ends, strict=True):
        yield version, since, until


def _signed(facts: Facts, subject: Subject, version: str) -> date | None:
    """The first day on which the subject signed a version."""
    days = [
        each.signed_on
        for each in facts.forms(InformedConsent, subject)
        if each.kind in SIGNED_AGAIN
        and each.consented == YesNo.YES
        and each.signed_on is not None
        and (each.document_version or "").strip() == version
    ]
    return min(days, default=None)


CHECKS = (
    Check(
        "EC02a",
        EVERY_FORM,
        Severity.HARD,
        dated_before_consent,
        rests_on=("IC",),
        asks="Nothing of the study is dated before consent.",
    ),
    Check(
        "EC02b",
        ROUTINE,
        Severity.SOFT,
        done_as_routine_before_consent,
        rests_on=("IC",),
        asks="What was done before consent and is used all the same was routine care.",
    ),
    Check(
        "EC02c",
        (VISIT,),
        Severity.HARD,
        visit_lies_before_consent,
        rests_on=("IC",),
        asks="No visit takes place before consent.",
    ),
    Check(
        "EC02d",
        ("EC", "ECD", "IE"),
        Severity.HARD,
        consent_is_missing,
        rests_on=("IC",),
        asks="Nobody is randomized or treated without a signed consent on record.",
        drafts=DeviationCategory.CONSENT,
    ),
    Check(
        "EC04a",
        ("IC",),
        Severity.HARD,
        consent_follows_randomization,
        rests_on=("IC",),
        asks="Consent is signed up to the day of randomization.",
    ),
    Check(
        "IC01",
        ("IC",),
        Severity.SOFT,
        new_version_is_not_signed,
        rests_on=("IC", VISIT),
        asks="A new version of the consent document is signed by the first visit under it.",
        drafts=DeviationCategory.CONSENT,
    ),
    Check(
        "IC02",
        ("BS",),
        Severity.SOFT,
        sample_has_no_consent,
        rests_on=("IC",),
        asks="A sample is used only as far as the subject agreed.",
    ),
)
