"""Checks of eligibility: age at consent, the answers beside the data, and that nobody was waived."""

from collections.abc import Iterator

from patients.checks.common import is_of_treatment
from patients.checks.engine import Check, Hit
from patients.derivations.consent import consent_of
from patients.derivations.eligibility import Line, lines_of
from patients.facts import Facts
from patients.models import (
    CriterionAnswer,
    Demographics,
    EligibilityAnswer,
    EligibilityAssessment,
    InformedConsent,
    Severity,
)
from trials.clinical.partial_date import Truth, before

READ = ("IC", "DM", "LB", "VS", "ECOG", "PE", "RP", "TH", "PT", "TU", "TR")
"""The forms from which criteria are judged."""


def birth_follows_consent(form: Demographics, facts: Facts) -> Iterator[Hit]:
    consent = consent_of(facts, form.subject)
    if not form.birth or consent is None or consent.signed_on is None:
        return
    if before(consent.signed_on.isoformat(), form.birth) is Truth.YES:
        yield Hit("birth", f"Born in {form.birth}, after consent on {consent.signed_on}: please correct.")


def randomized_without_eligibility(form: InformedConsent, facts: Facts) -> Iterator[Hit]:
    """An eligibility form that was entered in error after randomization leaves the allocation unfounded."""
    first = consent_of(facts, form.subject)
    if facts.allocation(form.subject) is None or first is None or first.pk != form.pk:
        return
    if not facts.forms(EligibilityAssessment, form.subject):
        yield Hit(
            "signed_on", "The subject is randomized, but there is no eligibility form: please enter it."
        )


def randomized_though_not_eligible(form: EligibilityAssessment, facts: Facts) -> Iterator[Hit]:
    """What was corrected after randomization may stand against it; no waiver exists."""
    allocation = facts.allocation(form.subject)
    if allocation is None:
        return
    rows = _rows(form, facts)
    unanswered = []
    for line in facts.once(lines_of, form.subject):
        if line.against and line.rule.key in rows:
            reasons = "; ".join(line.against)
            randomized_on = allocation.randomized_on
            said = f"Randomized on {randomized_on}, but {line.rule.code} speaks against it: {reasons}."
            yield Hit("answer", said, rows[line.rule.key])
        elif line.against:
            unanswered.append(line.rule.code)
    if unanswered:
        named = ", ".join(unanswered)
        yield Hit(
            "assessed_on", f"Randomized on {allocation.randomized_on}; not answered, and against it: {named}."
        )


def answer_differs_from_data(form: EligibilityAssessment, facts: Facts) -> Iterator[Hit]:
    """The answer of the investigator must be the one that captured data give, where they give one."""
    rows = _rows(form, facts)
    for line in facts.once(lines_of, form.subject):
        if line.contradicts and line.rule.key in rows:
            yield Hit("answer", _difference(line), rows[line.rule.key])


def reason_is_missing(form: EligibilityAssessment, facts: Facts) -> Iterator[Hit]:
    """An answer that excludes by the judgment of the investigator alone is given with its reason."""
    rows = _rows(form, facts)
    for line in facts.once(lines_of, form.subject):
        excludes = line.answer.code not in (None, line.wanted)
        if excludes and line.data.options.get("reason_needed") and not line.answer.comment:
            said = f"{line.rule.code} excludes the subject: please give the reason."
            yield Hit("comment", said, rows[line.rule.key])


def _difference(line: Line) -> str:
    given, found = (
        str(CriterionAnswer(code).label) for code in (line.answer.code, line.answer_of_data) if code
    )
    return f"{line.rule.code} is answered {given}, the data say {found}: {line.data.words}."


def _rows(form: EligibilityAssessment, facts: Facts) -> dict[int | None, EligibilityAnswer]:
    return {row.rule_id: row for row in facts.rows(form, "answers")}


CHECKS = (
    Check(
        "EC01c",
        ("DM",),
        Severity.HARD,
        birth_follows_consent,
        rests_on=("IC",),
        asks="The birth lies before consent.",
    ),
    Check(
        "EC03a",
        ("IE",),
        Severity.HARD,
        randomized_though_not_eligible,
        rests_on=READ,
        unless=is_of_treatment,
        asks="Every criterion still allows the randomization that took place.",
    ),
    Check(
        "EC03b",
        ("IC",),
        Severity.HARD,
        randomized_without_eligibility,
        rests_on=("IE",),
        asks="Every randomized subject has an eligibility form.",
    ),
    Check(
        "EC03c",
        ("IE",),
        Severity.HARD,
        reason_is_missing,
        asks="An exclusion by the investigator's judgment has a reason.",
    ),
    Check(
        "EC05",
        ("IE",),
        Severity.HARD,
        answer_differs_from_data,
        rests_on=READ,
        unless=is_of_treatment,
        asks="Each answer agrees with the laboratory results, measurements and dates recorded.",
    ),
)
