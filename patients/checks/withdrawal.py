"""Checks of what was recorded although it should have stopped: after withdrawal, or while lost.

What happened is recorded all the same; a person says whether it happened, and whether it may be used.
"""

from collections.abc import Iterator
from datetime import date

from patients.checks.engine import EVERY_FORM, VISIT, Check, Hit
from patients.derivations.participation import drug_ends
from patients.derivations.signs_of_life import WITHOUT_CONTACT, signs_of_life
from patients.facts import Facts
from patients.forms import definition_of
from patients.models import (
    CaseReportForm,
    DailyDosePeriod,
    Disposition,
    DoseAdministration,
    LostToFollowUp,
    Severity,
    Subject,
    SurvivalFollowUp,
    Withdrawal,
    WithdrawalScope,
)
from patients.reading import clinical_span

ABOUT_THE_END = ("WD", "DD", "DS", "DV", "LF", "IC", "SAE")
"""Forms that may be filled without the subject, or that tell of the withdrawal itself."""


def recorded_after_withdrawal(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    """Of a date known in part, only what certainly lies after the withdrawal is questioned."""
    span = clinical_span(form)
    if span is None or form.form.oid in ABOUT_THE_END:
        return
    for withdrawal in _withdrawals(facts, form.subject):
        if _is_concerned(form, WithdrawalScope(withdrawal.scope)) and span[0] > withdrawal.withdrawn_on:
            scope = WithdrawalScope(withdrawal.scope).label
            field = form.form.dated_by or definition_of(type(form)).asked[0].name
            yield Hit(
                field,
                f"Dated after the withdrawal of {withdrawal.withdrawn_on} ({scope}): did it take place, and"
                " may it be used?",
            )
            return


def dose_after_withdrawal(form: DoseAdministration | DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    """A study drug was given after the subject withdrew from it.

    Where the end of treatment with it is entered too, a dose after that is asked about there alone.
    """
    for withdrawal in _withdrawals(facts, form.subject):
        own = withdrawal.drug_id is None or withdrawal.drug_id == form.drug_id
        if withdrawal.scope != WithdrawalScope.DRUG or not own or form.drug is None:
            continue
        last = _last_day_taken(form)
        if last is not None and last > withdrawal.withdrawn_on and not _follows_an_end(form, facts, last):
            field = (
                "given_on" if isinstance(form, DoseAdministration) else "ended" if form.ended else "started"
            )
            yield Hit(
                field, f"The subject withdrew from {form.drug} on {withdrawal.withdrawn_on}: was it taken?"
            )
            return


def _follows_an_end(form: DoseAdministration | DailyDosePeriod, facts: Facts, last: date) -> bool:
    """Whether the end of treatment with the drug is entered, and the dose was taken after it, or goes on."""
    end = drug_ends(facts, form.subject).get(form.drug_id) if form.drug_id is not None else None
    if end is None or end.source.form != Disposition.form.oid:
        return False
    return (isinstance(form, DailyDosePeriod) and form.ended is None) or last > end.day


def contact_while_lost(form: LostToFollowUp, facts: Facts) -> Iterator[Hit]:
    """Who came or answered after being declared lost was found again."""
    declared, again = form.declared_on, form.found_again_on
    days = [sign.day.earliest for sign in signs_of_life(facts, form.subject) if sign.contact]
    seen = [day for day in days if declared and day > declared]
    if seen and not again:
        yield Hit("found_again_on", f"Contact is recorded on {min(seen)}: was the subject found again?")


def withdrawal_names_a_drug(form: Withdrawal, facts: Facts) -> Iterator[Hit]:
    if form.drug is not None and form.scope and form.scope != WithdrawalScope.DRUG:
        yield Hit(
            "drug",
            "A study drug is named, but it is not treatment with a drug that was withdrawn: which is right?",
        )


def _withdrawals(facts: Facts, subject: Subject) -> list[Withdrawal]:
    known = facts.forms(Withdrawal, subject)
    return [form for form in known if form.scope and form.withdrawn_on is not None]


def _is_concerned(form: CaseReportForm, scope: WithdrawalScope) -> bool:
    """Whether a form should not come after a withdrawal of this scope."""
    if scope == WithdrawalScope.VISITS:
        return form.visit is not None and not isinstance(form, SurvivalFollowUp)
    if scope == WithdrawalScope.CONTACT:
        return not (isinstance(form, SurvivalFollowUp) and form.source in WITHOUT_CONTACT)
    return scope == WithdrawalScope.DATA


def _last_day_taken(form: DoseAdministration | DailyDosePeriod) -> date | None:
    if not form.was_given:
        return None
    return form.given_on if isinstance(form, DoseAdministration) else form.ended or form.started


CHECKS = (
    Check(
        "WD01",
        EVERY_FORM,
        Severity.HARD,
        recorded_after_withdrawal,
        rests_on=("WD",),
        asks="Nothing is dated after a withdrawal from visits, contact or the use of data.",
    ),
    Check(
        "WD02",
        ("EC", "ECD"),
        Severity.HARD,
        dose_after_withdrawal,
        rests_on=("WD", "DS"),
        asks="No study drug is taken after the subject withdrew from it.",
    ),
    Check(
        "WD03",
        ("WD",),
        Severity.SOFT,
        withdrawal_names_a_drug,
        asks="Only a withdrawal from treatment names a study drug.",
    ),
    Check(
        "LF01",
        ("LF",),
        Severity.SOFT,
        contact_while_lost,
        rests_on=(VISIT, "SS", "VS", "PE", "LB", "EG", "EC", "TR"),
        asks="Who is seen after being declared lost to follow-up was found again.",
    ),
)
