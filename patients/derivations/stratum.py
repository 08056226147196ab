"""The stratum of a subject: the level of each factor of the study, from captured data, never guessed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import FieldDoesNotExist

from patients.facts import Facts, Source, shown_answer, source
from patients.fields import ClinicalField
from patients.forms import definition_of, record_models
from patients.models import CaseReportForm, Subject
from patients.reading import clinical_span
from trials.clinical.stratification import (
    SETTING,
    UNSTRATIFIED,
    Factor,
    Level,
    StratificationError,
    factors_of,
    stratum_in_words,
)
from trials.clinical.undetermined import Undetermined

SUBJECT = "SUBJECT"
SITE = "site"
"""A factor of form SUBJECT and field site is the hospital: its levels name the codes of sites."""


@dataclass(frozen=True)
class FactorLevel:
    """The level of one factor, and the answers that it rests on (none for the site)."""

    factor: Factor
    level: Level
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Stratum:
    """A subject's stratum; `code` is what slots of the list and the allocation carry."""

    code: str
    words: str
    levels: tuple[FactorLevel, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(each for level in self.levels for each in level.sources)


def stratification(facts: Facts, subject: Subject) -> tuple[Factor, ...] | Undetermined:
    """The factors of the subject's study; none where nothing stratifies."""
    try:
        return factors_of(facts.setting(subject, SETTING))
    except StratificationError as error:
        return Undetermined((f"stratification that can be followed ({error})",))


def stratum_of(facts: Facts, subject: Subject, until: date | None = None) -> Stratum | Undetermined:
    """The stratum by the data; with `until`, forms of later days are left out.

    Undetermined names every factor whose level is missing, contradictory or outside of its levels.
    """
    factors = stratification(facts, subject)
    if isinstance(factors, Undetermined):
        return factors
    found = [level_of(facts, subject, factor, until) for factor in factors]
    missing = tuple(each for one in found if isinstance(one, Undetermined) for each in one.missing)
    if missing:
        return Undetermined(missing)
    levels = tuple(each for each in found if isinstance(each, FactorLevel))
    code = ";".join(f"{each.factor.code}={each.level.code}" for each in levels) or UNSTRATIFIED
    return Stratum(code, stratum_in_words(factors, code), levels)


def stratum_words(facts: Facts, subject: Subject, code: str) -> str:
    """A stratum as people read it; empty without stratification."""
    factors = stratification(facts, subject)
    return code if isinstance(factors, Undetermined) else stratum_in_words(factors, code)


def level_of(
    facts: Facts, subject: Subject, factor: Factor, until: date | None = None
) -> FactorLevel | Undetermined:
    """The level of one factor: that of the last answer; of answers that may be the last, if all agree."""
    if (factor.form, factor.field) == (SUBJECT, SITE):
        at_site = factor.level_of(subject.site.code)
        if at_site is None:
            return Undetermined((f"level of {factor.title} for the site {subject.site.code}",))
        return FactorLevel(factor, at_site)
    model = record_models().get(factor.form)
    if model is None or not issubclass(model, CaseReportForm) or not _asks(model, factor.field):
        return Undetermined((f"question {factor.field} on a form {factor.form} for {factor.title}",))
    last = _last([form for form in facts.forms(model, subject) if _counts(form, factor.field, until)])
    if not last:
        question = definition_of(model).item(factor.field).question
        return Undetermined((f"{factor.title} (“{question}” on the form “{model.form.title}”)",))
    levels = {factor.level_of(_answer(form, factor.field)) for form in last}
    if len(levels) > 1:
        answers = " and ".join(sorted({shown_answer(getattr(form, factor.field)) for form in last}))
        return Undetermined((f"single last answer for {factor.title} ({answers})",))
    [level] = levels
    if level is None:
        given = shown_answer(getattr(last[0], factor.field))
        return Undetermined((f"level of {factor.title} for the answer {given}",))
    return FactorLevel(factor, level, tuple(source(form, factor.field) for form in last))


def _asks(model: type[CaseReportForm], field: str) -> bool:
    try:
        return isinstance(model._meta.get_field(field), ClinicalField)
    except FieldDoesNotExist:
        return False


def _counts(form: CaseReportForm, field: str, until: date | None) -> bool:
    span = clinical_span(form)
    later = until is not None and span is not None and span[0] > until
    return getattr(form, field) is not None and not later


def _last(forms: list[CaseReportForm]) -> list[CaseReportForm]:
    """The forms that may be the last: without a day, or whose day may be as late as that of any other."""
    spans = [(form, clinical_span(form)) for form in forms]
    latest = max((span[0] for _form, span in spans if span is not None), default=None)
    return [form for form, span in spans if span is None or latest is None or span[1] >= latest]


def _answer(form: CaseReportForm, field: str) -> str | Decimal:
    value = getattr(form, field)
    return Decimal(value) if isinstance(value, int | Decimal) else shown_answer(value)
