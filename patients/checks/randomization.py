"""Checks of the randomization: a later correction never moves a subject, and is never passed over either."""

from collections.abc import Iterator

from patients.checks.engine import EVERY_FORM, Check, Hit
from patients.derivations.consent import consent_of
from patients.derivations.stratum import FactorLevel, level_of, stratification, stratum_words
from patients.facts import Facts
from patients.models import (
    Allocation,
    CaseReportForm,
    DeviationCategory,
    InformedConsent,
    Severity,
    Visit,
)
from trials.clinical.stratification import Factor, stratum_in_words
from trials.clinical.undetermined import Undetermined


def stratum_differs(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    """The data give another level than the one in whose stratum the subject was randomized."""
    factors = _factors(form, facts)
    allocation = facts.allocation(form.subject) if factors else None
    if allocation is None:
        return
    for factor in factors:
        used = _level_used(factor, allocation)
        if factor.form != form.form.oid or used is None:
            continue
        found = level_of(facts, form.subject, factor, until=allocation.randomized_on)
        if isinstance(found, FactorLevel) and found.level.code != used:
            here = any(each.record_id == form.pk for each in found.sources)
            now = stratum_in_words(factors, f"{factor.code}={found.level.code}")
            if here:
                yield Hit(factor.field, f"{_was(facts, allocation)}; the data say {now}. {STAYS}")


def stratum_is_unfounded(form: InformedConsent, facts: Facts) -> Iterator[Hit]:
    """What was used can no longer be found in the data; asked at the first consent, which all have."""
    factors = _factors(form, facts)
    allocation = facts.allocation(form.subject) if factors else None
    first = consent_of(facts, form.subject) if allocation is not None else None
    if allocation is None or first is None or first.pk != form.pk:
        return
    used = [factor for factor in factors if _level_used(factor, allocation) is not None]
    found = [level_of(facts, form.subject, factor, until=allocation.randomized_on) for factor in used]
    missing = [name for each in found if isinstance(each, Undetermined) for name in each.missing]
    if missing:
        named = ", ".join(f"no {each}" for each in missing)
        yield Hit("signed_on", f"{_was(facts, allocation)}; the data do not show it: {named}. {STAYS}")


STAYS = "The allocation stays; please correct the data or confirm the deviation."


def is_no_factor(form: CaseReportForm | Visit, facts: Facts) -> bool:
    """Whether a form cannot change a stratum."""
    factors = stratification(facts, form.subject)
    return isinstance(factors, Undetermined) or form.form.oid not in {factor.form for factor in factors}


def _factors(form: CaseReportForm, facts: Facts) -> tuple[Factor, ...]:
    factors = stratification(facts, form.subject)
    return () if isinstance(factors, Undetermined) else factors


def _level_used(factor: Factor, allocation: Allocation) -> str | None:
    """The code of the level by which the subject was randomized; None for a factor of later days."""
    levels = dict(part.partition("=")[::2] for part in allocation.stratum.split(";"))
    return levels.get(factor.code)


def _was(facts: Facts, allocation: Allocation) -> str:
    words = stratum_words(facts, allocation.subject, allocation.stratum)
    return f"Randomized on {allocation.randomized_on} in the stratum {words or '(none)'}"


CHECKS = (
    Check(
        "RA01",
        EVERY_FORM,
        Severity.HARD,
        stratum_differs,
        rests_on=EVERY_FORM,
        drafts=DeviationCategory.RANDOMIZATION,
        unless=is_no_factor,
        asks="The facts that stratify are those by which the subject was randomized.",
    ),
    Check(
        "RA02",
        ("IC",),
        Severity.HARD,
        stratum_is_unfounded,
        rests_on=EVERY_FORM,
        drafts=DeviationCategory.RANDOMIZATION,
        unless=is_no_factor,
        asks="The stratum in which a subject was randomized can be found in the data.",
    ),
)
