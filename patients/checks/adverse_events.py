"""Checks of adverse events."""

from collections.abc import Iterator

from patients.checks.common import (
    ends_before_it_starts,
    may_be_the_same_day,
    ongoing_contradicts_end,
)
from patients.checks.engine import Check, Hit
from patients.derivations.consent import consent_of
from patients.derivations.death import death_of
from patients.derivations.dose import drugs_of_arm
from patients.facts import Facts
from patients.models import (
    AdverseEvent,
    Causality,
    CauseOfDeath,
    Death,
    EntryState,
    Grade,
    Outcome,
    Severity,
    Subject,
    YesNo,
)
from trials.clinical.partial_date import Truth, before
from trials.models import DictionaryName, DictionaryTerm
from trials.models.dictionary import folded
from trials.terminology.lookup import grades_of

SERIOUSNESS = (
    "results_in_death",
    "life_threatening",
    "hospitalization",
    "disability",
    "congenital_anomaly",
    "medically_important",
)
OUTCOMES_OF_AN_END = (Outcome.RECOVERED, Outcome.SEQUELAE, Outcome.FATAL)
OUTCOMES_OF_NO_END = (Outcome.NOT_RECOVERED, Outcome.RECOVERING)


def end_contradicts_outcome(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """An event that is over has an end; one that is not over has none."""
    over = form.outcome in OUTCOMES_OF_AN_END
    if over and not form.ended and "ended" not in form.missing_reasons:
        yield Hit("ended", "By its outcome the event is over: please give the end.")
    if over and form.ongoing == YesNo.YES:
        yield Hit("outcome", "The outcome says that it is over, but it is marked as ongoing: which is right?")
    if form.outcome in OUTCOMES_OF_NO_END and form.ongoing == YesNo.NO:
        yield Hit(
            "outcome",
            "It is marked as not ongoing, but the outcome says that it is not over: which is right?",
        )


def seriousness_is_contradictory(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    ticked = any(getattr(form, box) == YesNo.YES for box in SERIOUSNESS)
    if form.serious == YesNo.YES and not ticked:
        yield Hit(
            "serious", "Serious, but no criterion of seriousness is answered yes: which one makes it serious?"
        )
    if form.serious == YesNo.NO and ticked:
        yield Hit(
            "serious",
            "A criterion of seriousness is answered yes, but the event is not serious: which is right?",
        )


def grade_does_not_exist(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """CTCAE does not have every grade for every term."""
    known = facts.once(_grades_of_terms, form.subject)
    grades = known.get((form.ctcae_version, folded(form.ctcae_term or "")), ())
    if form.grade and grades and int(form.grade) not in grades:
        listed = ", ".join(map(str, grades))
        yield Hit(
            "grade",
            f"CTCAE {form.ctcae_version} has no grade {form.grade} for this term, only {listed}: please "
            "correct grade or term.",
        )


def _grades_of_terms(facts: Facts, subject: Subject) -> dict[tuple[str, str], tuple[int, ...]]:
    """The grades that exist for the terms of a subject's events, by version and term; read once."""
    terms = {folded(each.ctcae_term) for each in facts.forms(AdverseEvent, subject) if each.ctcae_term}
    found = DictionaryTerm.objects.filter(dictionary__name=DictionaryName.CTCAE, folded__in=terms)
    return {
        (term.dictionary.version, term.folded): grades_of(term) for term in found.select_related("dictionary")
    }


def hospital_stay_is_incomplete(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    stayed = form.hospitalization == YesNo.YES
    if stayed and not form.admitted_on and "admitted_on" not in form.missing_reasons:
        yield Hit("admitted_on", "Hospitalization: please give the day of admission.")
    if form.hospitalization == YesNo.NO and (form.admitted_on or form.discharged_on):
        yield Hit(
            "hospitalization",
            "A hospital stay is dated, but “hospitalization” is answered no: which is right?",
        )
    dated = form.admitted_on and form.discharged_on
    if dated and before(form.discharged_on, form.admitted_on) is Truth.YES:
        yield Hit("discharged_on", "The discharge lies before the admission: please correct one of the days.")


def death_is_contradictory(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    signs = {form.grade == Grade.DEATH, form.outcome == Outcome.FATAL, form.results_in_death == YesNo.YES}
    if len(signs) > 1 and form.grade and form.outcome:
        yield Hit(
            "outcome",
            "Grade 5, the outcome “fatal” and “results in death” go together: please correct what differs.",
        )


def death_page_is_missing(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """A fatal event needs the page of the death, and ends on its day."""
    if form.outcome != Outcome.FATAL:
        return
    death = death_of(facts, form.subject)
    if death is None:
        yield Hit(
            "outcome",
            "The event is fatal, but the page of the subject's death is not entered: please enter it.",
        )
        return
    died = death.died_on
    if died and form.ended and not may_be_the_same_day(form.ended, died):
        yield Hit(
            "ended",
            f"The event is fatal and ends on {form.ended}; the subject died on {died}: which day is right?",
        )


def fatal_event_is_not_named(form: Death, facts: Facts) -> Iterator[Hit]:
    """A death from an adverse event names it, and that event is fatal."""
    if form.cause != CauseOfDeath.ADVERSE_EVENT:
        return
    if form.adverse_event_id is None:
        yield Hit("adverse_event", "Death from an adverse event: please give the number of the event.")
    elif form.adverse_event is not None and form.adverse_event.outcome != Outcome.FATAL:
        yield Hit(
            "adverse_event",
            f"Adverse event {form.adverse_event.repeat} is not recorded as fatal: please correct its "
            "outcome, or name the fatal one.",
        )


def causality_is_missing(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """From randomization on, causality and action are asked for every drug of the arm."""
    allocation = facts.allocation(form.subject)
    if allocation is None or form.entry_state == EntryState.NOT_DONE or form.started is None:
        return
    if before(form.started, allocation.randomized_on.isoformat()) is Truth.YES:
        return
    answered = {row.drug_id for row in facts.rows(form, "drugs")}
    missing = [str(drug) for drug in drugs_of_arm(facts, form.subject) if drug.pk not in answered]
    if missing:
        yield Hit("causality", f"Please answer the relation and the action taken for {', '.join(missing)}.")


def causality_contradicts_the_arm(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """Relation and action for a drug that the subject's arm does not have are “not applicable”."""
    if facts.allocation(form.subject) is None:
        return
    own = {drug.pk for drug in drugs_of_arm(facts, form.subject)}
    for row in facts.rows(form, "drugs"):
        if row.drug is None or row.causality is None:
            continue
        applies = row.causality != Causality.NOT_APPLICABLE
        if applies and row.drug_id not in own:
            yield Hit(
                "causality",
                f"{row.drug} is not given in the subject's arm: is the relation not applicable?",
                row,
            )
        if not applies and row.drug_id in own:
            yield Hit(
                "causality", f"{row.drug} is given in the subject's arm: please judge the relation.", row
            )


def start_lies_before_consent(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    consent = consent_of(facts, form.subject)
    if consent is None or form.started is None or consent.signed_on is None:
        return
    if before(form.started, consent.signed_on.isoformat()) is Truth.YES:
        yield Hit("started", f"The event starts before consent ({consent.signed_on}): is it medical history?")


CHECKS = (
    Check(
        "EC21a", ("AE",), Severity.HARD, ends_before_it_starts, asks="An event does not end before it starts."
    ),
    Check("EC21b", ("AE",), Severity.HARD, ongoing_contradicts_end, asks="An ongoing event has no end."),
    Check(
        "EC21c",
        ("AE",),
        Severity.HARD,
        start_lies_before_consent,
        rests_on=("IC",),
        asks="An event starts after consent.",
    ),
    Check(
        "EC21f",
        ("AE",),
        Severity.HARD,
        end_contradicts_outcome,
        asks="Outcome, end and “ongoing” of an event agree.",
    ),
    Check(
        "CT01",
        ("AE",),
        Severity.HARD,
        grade_does_not_exist,
        asks="The grade of an event exists for its CTCAE term.",
    ),
    Check(
        "EC22",
        ("AE",),
        Severity.HARD,
        death_is_contradictory,
        asks="Grade 5, a fatal outcome and “results in death” go together.",
    ),
    Check(
        "EC22b",
        ("AE",),
        Severity.HARD,
        death_page_is_missing,
        rests_on=("DD",),
        asks="A fatal event has the page of the death and ends on its day.",
    ),
    Check(
        "EC22c",
        ("DD",),
        Severity.HARD,
        fatal_event_is_not_named,
        rests_on=("AE",),
        asks="A death from an adverse event names one that is fatal.",
    ),
    Check(
        "EC23",
        ("AE",),
        Severity.HARD,
        seriousness_is_contradictory,
        asks="A serious event fulfills a criterion of seriousness, and no other event does.",
    ),
    Check(
        "EC23b", ("AE",), Severity.HARD, hospital_stay_is_incomplete, asks="A hospitalization has its dates."
    ),
    Check(
        "EC26",
        ("AE",),
        Severity.HARD,
        causality_is_missing,
        asks="Relation and action are answered for every drug of the arm.",
    ),
    Check(
        "EC26b",
        ("AE",),
        Severity.HARD,
        causality_contradicts_the_arm,
        asks="“Not applicable” is the relation to drugs of the other arm, and only to them.",
    ),
)
