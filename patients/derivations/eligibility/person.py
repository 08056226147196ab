"""Who the subject is: age, sex, childbearing potential, pregnancy, consent, histology."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from patients.derivations.consent import consent_of
from patients.derivations.eligibility.case import Case, evidence_of, latest
from patients.derivations.eligibility.evidence import Evidence, Found, found, missing
from patients.derivations.eligibility.laboratory import (
    RESULT_WORDS,
    Result,
    last_results,
    shown_result,
    sign_of,
)
from patients.models import CaseReportForm, Demographics, PregnancyResult, PregnancyTest, TumorHistory, YesNo
from trials.clinical.age import ages_on, agrees, completed_years
from trials.clinical.eligibility.operands import Codes, Number
from trials.clinical.eligibility.options import Applicability
from trials.clinical.laboratory_value import NEGATIVE, POSITIVE
from trials.clinical.partial_date import Truth, parse
from trials.clinical.reading import Reading
from trials.clinical.undetermined import Undetermined
from trials.models import Sex

Ages = tuple[int, ...]


def demographics(case: Case) -> Any:
    """The subject's demographics, or None."""
    forms = case.facts.forms(Demographics, case.subject)
    return forms[-1] if forms else None


def age_at_consent(case: Case) -> Found:
    """Completed years on the day of consent."""
    form, consent = demographics(case), consent_of(case.facts, case.subject)
    possible = ages_at_consent(case)
    shown = [evidence_of(form, name) for name in ("age", "birth") if form and getattr(form, name) is not None]
    if consent is not None:
        shown.append(evidence_of(consent, "signed_on"))
    if isinstance(possible, Undetermined):
        return found(possible, *shown)
    return found(Number("age at consent", tuple(Reading(Decimal(age)) for age in possible), "a"), *shown)


def ages_at_consent(case: Case) -> Ages | Undetermined:
    """The age as stated, where the birth does not contradict it; unstated, what the birth allows."""
    form, consent = demographics(case), consent_of(case.facts, case.subject)
    day = consent.signed_on if consent else None
    if form is None or day is None:
        asked = {"demographics": form, "day of consent": day}
        return Undetermined(tuple(name for name, value in asked.items() if value is None))
    if not form.birth:
        return Undetermined(("age at consent",)) if form.age is None else (form.age,)
    birth = parse(form.birth)
    if birth.earliest > day:
        return Undetermined(("birth before the day of consent",))
    if form.age is None:
        youngest, oldest = completed_years(birth, day)
        return tuple(range(youngest, oldest + 1))
    if agrees(form.age, birth, day):
        return (form.age,)
    return Undetermined((f"age that fits the month of birth (stated: {form.age} years)",))


def ages(case: Case, on: date) -> Ages | Undetermined:
    """The ages that the subject can have on a day in the months around consent."""
    known, form = ages_at_consent(case), demographics(case)
    consent = consent_of(case.facts, case.subject)
    if isinstance(known, Undetermined) or form is None or consent is None or consent.signed_on is None:
        return known
    if consent.signed_on == on:
        return known
    if form.birth and form.age is not None:
        birth = parse(form.birth)
        return ages_on(on, birth=birth, stated=form.age, stated_on=consent.signed_on)
    if form.birth:
        youngest, oldest = completed_years(parse(form.birth), on)
        return tuple(range(youngest, oldest + 1))
    birthday = 1 if on > consent.signed_on else -1  # it may lie between the two days
    return tuple(sorted({*known, *(age + birthday for age in known)}))


# ---------------------------------------------------------------- of whom a criterion is asked
def applies(case: Case, to: str | None) -> tuple[Truth, str, tuple[Evidence, ...]]:
    """Whether a criterion is asked of this subject, why (not), and what that rests on."""
    if to is None:
        return Truth.YES, "", ()
    form = demographics(case)
    truth, words = _APPLIES[Applicability(to)](form)
    names = ("sex", "childbearing_potential") if form is not None else ()
    return truth, words, tuple(evidence_of(form, name) for name in names if getattr(form, name))


def _women(form: Any) -> tuple[Truth, str]:
    if form is None or not form.sex:
        return Truth.UNKNOWN, Undetermined(("sex of the subject",)).sentence()
    return (Truth.YES, "") if form.sex == Sex.FEMALE else (Truth.NO, "the subject is a man")


def _childbearing(form: Any) -> tuple[Truth, str]:
    truth, words = _women(form)
    if form is None or truth is not Truth.YES:
        return truth, words
    if not form.childbearing_potential:
        return Truth.UNKNOWN, Undetermined(("answer whether she is able to bear children",)).sentence()
    if form.childbearing_potential == YesNo.YES:
        return Truth.YES, ""
    return Truth.NO, "she is not able to bear children"


def _childbearing_and_men(form: Any) -> tuple[Truth, str]:
    truth, words = _childbearing(form)
    return (Truth.YES, "") if form is not None and form.sex == Sex.MALE else (truth, words)


_APPLIES: Mapping[Applicability, Callable[[Any], tuple[Truth, str]]] = {
    Applicability.WOMEN: _women,
    Applicability.CHILDBEARING: _childbearing,
    Applicability.CHILDBEARING_AND_MEN: _childbearing_and_men,
}


# ---------------------------------------------------------------- pregnancy
def pregnancy_test(case: Case) -> Found:
    """The last pregnancy test: of its own form, or a laboratory test of the option `tests`."""
    forms = latest([form for form in case.measured(PregnancyTest) if form.result])
    results = [each for code in case.options.get("tests") or () for each in last_results(case, code)]
    days = [form.performed_on for form in forms if form.performed_on] + [each.day for each in results]
    if not days:
        return missing("pregnancy test before randomization")
    last_forms = [form for form in forms if form.performed_on == max(days)]
    last_of_laboratory = [each for each in results if each.day == max(days)]
    evidence = [evidence_of(form, "result") for form in last_forms]
    evidence += [shown_result(case, each) for each in last_of_laboratory]
    said = [_of_form(form) for form in last_forms] + [_of_laboratory(each) for each in last_of_laboratory]
    codes: set[str] = set()
    for each in said:
        if isinstance(each, Undetermined):
            return found(each, *evidence)
        codes |= each
    return found(Codes("pregnancy test", frozenset(codes), labels=RESULT_WORDS), *evidence)


def _of_form(form: Any) -> set[str]:
    if form.result == PregnancyResult.INDETERMINATE:
        return {NEGATIVE, POSITIVE}
    return {str(form.result)}


def _of_laboratory(result: Result) -> set[str] | Undetermined:
    """Choriogonadotropin up to the upper limit of normal of women who are not pregnant is negative."""
    reading, high = result.reading, result.row.range_high
    if reading is None:
        return sign_of(result.row.word)
    if high is None:
        return Undetermined((f"upper limit of normal for {result.test.name}",))
    negative = reading.is_at_most(high)
    return {Truth.YES: {NEGATIVE}, Truth.NO: {POSITIVE}, Truth.UNKNOWN: {NEGATIVE, POSITIVE}}[negative]


# ---------------------------------------------------------------- single answers
def answered(model: type[CaseReportForm], name: str) -> Callable[[Case], Found]:
    """A reader of one coded question of a form that a subject has once."""

    def read(case: Case) -> Found:
        forms = [form for form in case.facts.forms(model, case.subject) if getattr(form, name)]
        asked: Any = model._meta.get_field(name)
        question = str(asked.verbose_name)
        if not forms:
            return missing(f"answer to “{question}”")
        labels = {code: str(label) for code, label in asked.flatchoices}
        said = Codes(question, frozenset({getattr(forms[-1], name)}), labels=labels)
        return found(said, evidence_of(forms[-1], name))

    return read


def tissue_consent(case: Case) -> Found:
    """Agreement to give tumor tissue, as it stands in the consent to the study."""
    consent = consent_of(case.facts, case.subject)
    if consent is None or not consent.tissue_consent:
        return missing("answer whether the subject agreed to provide tumor tissue")
    agreed = Codes(
        "agreement to provide tumor tissue",
        frozenset({consent.tissue_consent}),
        labels={code: str(label) for code, label in YesNo.choices},
    )
    return found(agreed, evidence_of(consent, "tissue_consent"))


contraception = answered(Demographics, "contraception_agreed")
histology = answered(TumorHistory, "histology")
disease_extent = answered(TumorHistory, "extent")
