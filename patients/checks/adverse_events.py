"""Checks of adverse events."""

from collections.abc import Iterator

from patients.checks.common import ends_before_it_starts, ongoing_contradicts_end
from patients.checks.engine import Check, Hit
from patients.derivations.consent import consent_of
from patients.facts import Facts
from patients.models import AdverseEvent, EntryState, Severity, YesNo
from trials.clinical.partial_date import Truth, before


def seriousness_is_contradictory(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    boxes = ("results_in_death", "life_threatening", "hospitalization", "disability", "congenital_anomaly")
    ticked = any(getattr(form, box) == YesNo.YES for box in (*boxes, "medically_important"))
    if form.serious == YesNo.YES and not ticked:
        yield Hit("serious", "Serious, but no criterion of seriousness is answered yes.")
    if form.serious == YesNo.NO and ticked:
        yield Hit("serious", "A criterion of seriousness is answered yes, but the event is not serious.")


def death_is_contradictory(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    signs = {form.grade == "5", form.outcome == "FATAL", form.results_in_death == YesNo.YES}
    if len(signs) > 1 and form.grade and form.outcome:
        yield Hit("outcome", "Grade 5, outcome fatal and “results in death” must agree.")


def causality_is_missing(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """From randomization on, causality and action are asked for every drug of the arm."""
    allocation = facts.allocation(form.subject)
    if allocation is None or form.entry_state == EntryState.NOT_DONE or form.started is None:
        return
    if before(form.started, allocation.randomized_on.isoformat()) is Truth.YES:
        return
    answered = {row.drug_id for row in facts.rows(form, "drugs")}
    elements = allocation.arm.regimen.select_related("drug").order_by("drug__code")
    missing = [str(element.drug) for element in elements if element.drug_id not in answered]
    if missing:
        yield Hit("causality", f"Relation and action are not given for {', '.join(missing)}.")


def start_lies_before_consent(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    consent = consent_of(facts, form.subject)
    if consent is None or form.started is None or consent.signed_on is None:
        return
    if before(form.started, consent.signed_on.isoformat()) is Truth.YES:
        yield Hit("started", f"The event starts before consent ({consent.signed_on}): is it medical history?")


CHECKS = (
    Check("EC21a", ("AE",), Severity.HARD, ends_before_it_starts),
    Check("EC21b", ("AE",), Severity.HARD, ongoing_contradicts_end),
    Check("EC21c", ("AE",), Severity.HARD, start_lies_before_consent, rests_on=("IC",)),
    Check("EC22", ("AE",), Severity.HARD, death_is_contradictory),
    Check("EC23", ("AE",), Severity.HARD, seriousness_is_contradictory),
    Check("EC26", ("AE",), Severity.HARD, causality_is_missing),
)
