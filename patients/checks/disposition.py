"""Checks of how screening, treatment and the study ended, and of treatment that goes on after progression."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import prefetch_related_objects

from patients.checks.engine import Check, Hit
from patients.derivations.consent import consent_of
from patients.derivations.dose import regimen_of
from patients.derivations.doses_taken import DoseTaken, dose_goes_on, doses_taken, last_dose_day
from patients.derivations.participation import drug_ends, progressions
from patients.facts import Facts
from patients.models import (
    AdverseEvent,
    CaseReportForm,
    Disposition,
    DispositionReason,
    DispositionScope,
    DrugAction,
    EligibilityAssessment,
    InformedConsent,
    LostToFollowUp,
    Severity,
    Subject,
    SurvivalFollowUp,
    TreatmentBeyondProgression,
    TumorAssessment,
    Withdrawal,
    YesNo,
)
from trials.models import CriterionKind

NEEDS_DETAIL = (DispositionReason.OTHER, DispositionReason.PHYSICIAN, DispositionReason.DEVIATION)
RECORDED_AS: dict[str, tuple[type[CaseReportForm], str]] = {
    DispositionReason.LOST: (LostToFollowUp, "loss to follow-up"),
    DispositionReason.WITHDRAWAL: (Withdrawal, "withdrawal"),
}
"""Reasons that stand on a page of their own."""
EXCLUDES = {CriterionKind.INCLUSION: "N", CriterionKind.EXCLUSION: "Y"}


# ---------------------------------------------------------------- one record
def scope_and_drug_disagree(form: Disposition, facts: Facts) -> Iterator[Hit]:
    if form.scope == DispositionScope.TREATMENT and form.drug_id is None:
        yield Hit("drug", "Treatment with which study drug ended?")
    if form.scope in (DispositionScope.STUDY, DispositionScope.SCREENING) and form.drug_id is not None:
        yield Hit(
            "drug", "A study drug is named, but it is not treatment with a drug that ended: which is right?"
        )


def drug_is_of_the_other_arm(form: Disposition, facts: Facts) -> Iterator[Hit]:
    elements = regimen_of(facts, form.subject)
    if form.drug_id is not None and elements and form.drug_id not in {each.drug_id for each in elements}:
        yield Hit("drug", f"{form.drug} is not given in the subject's arm: please correct the drug.")


def is_told_twice(form: Disposition, facts: Facts) -> Iterator[Hit]:
    for other in facts.forms(Disposition, form.subject):
        if other.pk < form.pk and (other.scope, other.drug_id) == (form.scope, form.drug_id):
            yield Hit("scope", f"Disposition {other.repeat} tells the same end: which one is in error?")
            return


def reason_has_no_detail(form: Disposition, facts: Facts) -> Iterator[Hit]:
    if form.reason in NEEDS_DETAIL and not form.detail:
        yield Hit("detail", "Please say more about this reason.")


def reason_has_no_page(form: Disposition, facts: Facts) -> Iterator[Hit]:
    """What the reason says happened is recorded where it belongs."""
    page, words = RECORDED_AS.get(form.reason or "", (None, ""))
    if page is not None and not facts.forms(page, form.subject):
        yield Hit("reason", f"The page of the {words} is not entered: please enter it.")
    if (form.scope, form.reason) != (DispositionScope.TREATMENT, DispositionReason.ADVERSE_EVENT):
        return
    actions = {
        (row.drug_id, row.action)
        for event in facts.forms(AdverseEvent, form.subject)
        for row in facts.rows(event, "drugs")
    }
    if form.drug_id is not None and (form.drug_id, DrugAction.WITHDRAWN) not in actions:
        yield Hit("reason", f"No adverse event says that {form.drug} was withdrawn: please enter it there.")


# ---------------------------------------------------------------- screening
def screening_failure_has_no_reason(form: Disposition, facts: Facts) -> Iterator[Hit]:
    if form.scope != DispositionScope.SCREENING or form.reason != DispositionReason.SCREEN_FAILURE:
        return
    if not form.detail and not _is_excluded(facts, form.subject):
        yield Hit(
            "detail", "Which criterion excludes the subject? No answer on the eligibility form says so."
        )


def screening_ended_after_randomization(form: Disposition, facts: Facts) -> Iterator[Hit]:
    allocation = facts.allocation(form.subject)
    if form.scope == DispositionScope.SCREENING and allocation is not None:
        yield Hit("scope", f"Screening failed, but the subject was randomized on {allocation.randomized_on}.")


def screening_is_open(form: InformedConsent, facts: Facts) -> Iterator[Hit]:
    """Screening is over by the calendar; asked at the consent that began it."""
    window = facts.setting(form.subject, "screening_window_after_consent_days")
    if window is None or form.signed_on is None or form != consent_of(facts, form.subject):
        return
    over = form.signed_on + timedelta(days=window)
    ended = any(each.scope != DispositionScope.TREATMENT for each in facts.forms(Disposition, form.subject))
    if facts.allocation(form.subject) is None and not ended and facts.today(form.subject) > over:
        yield Hit("signed_on", f"Screening was over on {over}: please randomize, or enter its end.")


# ---------------------------------------------------------------- treatment
def dose_follows_the_end(form: Disposition, facts: Facts) -> Iterator[Hit]:
    """No dose of a drug is taken after the end of treatment with it."""
    if form.scope != DispositionScope.TREATMENT or form.drug is None or form.ended_on is None:
        return
    last = last_dose_day(facts, form.subject, form.drug_id)
    if dose_goes_on(facts, form.subject, form.drug_id):
        yield Hit("ended_on", f"Treatment with {form.drug} ended, but its last dose period has no end.")
    elif last is not None and last > form.ended_on:
        yield Hit("ended_on", f"A dose of {form.drug} is recorded after it, up to {last}: is that right?")


def last_dose_differs(form: Disposition, facts: Facts) -> Iterator[Hit]:
    if form.scope != DispositionScope.TREATMENT or form.drug is None:
        return
    last = last_dose_day(facts, form.subject, form.drug_id)
    if form.reason == DispositionReason.NEVER_DOSED and last is not None:
        yield Hit("reason", f"{form.drug} was never given by this, but doses of it are recorded.")
    elif dose_goes_on(facts, form.subject, form.drug_id):
        return
    elif form.last_dose_on is not None and last != form.last_dose_on:
        yield Hit("last_dose_on", f"By the dose records the last dose was taken {_on(last)}: which is right?")


def drug_goes_on_after_the_study(form: Disposition, facts: Facts) -> Iterator[Hit]:
    """Who ended the study has ended treatment with every drug of the arm."""
    if form.scope != DispositionScope.STUDY:
        return
    ended = drug_ends(facts, form.subject)
    going_on = [str(each.drug) for each in regimen_of(facts, form.subject) if each.drug_id not in ended]
    if going_on:
        yield Hit("scope", f"Please enter the end of treatment with {', '.join(going_on)}, too.")


# ---------------------------------------------------------------- progression
def treatment_goes_on_after_progression(
    form: TumorAssessment | SurvivalFollowUp, facts: Facts
) -> Iterator[Hit]:
    """A study drug later than so many days after the first progression, without a decision to go on."""
    days = facts.setting(form.subject, "beyond_progression_after_days")
    told = _first_progression(facts, form.subject)
    if days is None or told is None or told[0] != form:
        return
    _form, field, progressed_on = told
    for element in regimen_of(facts, form.subject):
        late = _first_after(facts, form.subject, element.drug_id, progressed_on + timedelta(days=days))
        if late is not None and not _was_decided(facts, form.subject, element.drug_id, late):
            yield Hit(
                field,
                f"Progression on {progressed_on}, and {element.drug} taken on {late}: no decision to treat "
                "beyond progression is entered for it.",
            )
            return


def progression_is_not_recorded(form: Disposition, facts: Facts) -> Iterator[Hit]:
    """Treatment that was stopped for progression has a progression on the scans or at a contact."""
    if form.scope != DispositionScope.TREATMENT or form.reason != DispositionReason.PROGRESSION:
        return
    told = _first_progression(facts, form.subject)
    days = facts.setting(form.subject, "beyond_progression_after_days")
    if told is None:
        yield Hit("reason", "Stopped for progression, but no progression is recorded: please enter it.")
    elif form.ended_on is not None and days is not None and told[2] > form.ended_on + timedelta(days=days):
        yield Hit("reason", f"Stopped for progression, but progression is recorded later, on {told[2]}.")


def _is_excluded(facts: Facts, subject: Subject) -> bool:
    """Whether an answer to a criterion excludes the subject."""
    answers = [
        row
        for each in facts.forms(EligibilityAssessment, subject)
        for row in facts.rows(each, "answers")
        if row.rule is not None
    ]
    prefetch_related_objects([row.rule for row in answers], "criterion")
    return any(row.answer == EXCLUDES[CriterionKind(row.rule.criterion.kind)] for row in answers)


def _on(day: date | None) -> str:
    return f"on {day}" if day else "never"


def _first_progression(facts: Facts, subject: Subject) -> tuple[Any, str, date] | None:
    """The form, the question and the day of the first progression, as the investigator told it."""
    return min(facts.once(_progressions, subject), key=lambda told: told[2], default=None)


def _progressions(facts: Facts, subject: Subject) -> list[tuple[Any, str, date]]:
    return list(progressions(facts, subject))


def _first_after(facts: Facts, subject: Subject, drug: int, day: date) -> date | None:
    """The first day after a day on which a drug was taken; an open period lasts until today."""
    days = [
        max(dose.first, day + timedelta(days=1))
        for dose in doses_taken(facts, subject, drug)
        if _end(dose, facts, subject) > day
    ]
    return min(days, default=None)


def _end(dose: DoseTaken, facts: Facts, subject: Subject) -> date:
    return dose.last or max(dose.first, facts.today(subject))


def _was_decided(facts: Facts, subject: Subject, drug: int, day: date) -> bool:
    """Whether a decision to treat beyond progression covers a drug and day; one without lines: every drug."""
    for each in facts.forms(TreatmentBeyondProgression, subject):
        continued = {row.drug_id: row.continued for row in facts.rows(each, "drugs")}
        own = not continued or continued.get(drug) == YesNo.YES
        if own and each.decided_on is not None and each.decided_on <= day <= (each.ended_on or day):
            return True
    return False


CHECKS = (
    Check(
        "DS01",
        ("DS",),
        Severity.HARD,
        scope_and_drug_disagree,
        asks="The end of treatment names its drug, and nothing else does.",
    ),
    Check(
        "DS02",
        ("DS",),
        Severity.HARD,
        is_told_twice,
        rests_on=("DS",),
        asks="The end of screening, of each drug and of the study is told once.",
    ),
    Check(
        "DS03",
        ("DS",),
        Severity.HARD,
        dose_follows_the_end,
        rests_on=("EC", "ECD"),
        asks="No dose of a drug is taken after the end of treatment with it.",
    ),
    Check(
        "DS04",
        ("DS",),
        Severity.SOFT,
        last_dose_differs,
        rests_on=("EC", "ECD"),
        asks="The last dose that the end of treatment tells is the last one recorded.",
    ),
    Check(
        "DS05",
        ("DS",),
        Severity.SOFT,
        reason_has_no_page,
        rests_on=("AE", "LF", "WD"),
        asks="What ended treatment or study is recorded on its own page.",
    ),
    Check("DS06", ("DS",), Severity.SOFT, reason_has_no_detail, asks="Other reasons are told in words."),
    Check(
        "DS07",
        ("DS",),
        Severity.SOFT,
        drug_goes_on_after_the_study,
        rests_on=("DS", "WD"),
        asks="Who ended the study has ended treatment with every drug.",
    ),
    Check(
        "DS08",
        ("DS",),
        Severity.SOFT,
        screening_failure_has_no_reason,
        rests_on=("IE",),
        asks="A screening failure says which criterion excludes the subject.",
    ),
    Check(
        "DS09",
        ("DS",),
        Severity.HARD,
        screening_ended_after_randomization,
        asks="Screening ends with randomization or with a screening failure, not with both.",
    ),
    Check(
        "DS10",
        ("IC",),
        Severity.SOFT,
        screening_is_open,
        rests_on=("DS",),
        asks="Screening ends in time, by randomization or as a screening failure.",
        by_command=True,
    ),
    Check(
        "EC15c",
        ("DS",),
        Severity.HARD,
        drug_is_of_the_other_arm,
        asks="The end of treatment is told of drugs of the subject's arm.",
    ),
    Check(
        "EC35a",
        ("TR", "SS"),
        Severity.SOFT,
        treatment_goes_on_after_progression,
        rests_on=("TR", "SS", "EC", "ECD", "TBP"),
        asks="Treatment goes on after progression only by a decision that is recorded.",
    ),
    Check(
        "EC35b",
        ("DS",),
        Severity.SOFT,
        progression_is_not_recorded,
        rests_on=("TR", "SS"),
        asks="Who stopped for progression has a progression on record.",
    ),
)
