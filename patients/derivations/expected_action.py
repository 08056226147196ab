"""What the dose-modification table asks for on a day, beside what was given: advice that fills nothing in."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from patients.derivations.dose import (
    PlannedDose,
    element_of,
    in_mg,
    planned,
    regimen_of,
    surface_settings,
)
from patients.derivations.dose_history import GivenDose, administrations, given_on, often, periods
from patients.derivations.dose_remarks import remarks_on
from patients.derivations.dose_settings import differs_from_plan, dose_tolerance
from patients.derivations.dose_situation import situation_of, sources_of
from patients.derivations.dose_table import DoseTable, table_on
from patients.derivations.participation import drug_ends
from patients.facts import Facts, Source
from patients.models import DeviationCategory, Subject
from trials.clinical.body_surface_area import body_surface_area
from trials.clinical.dose_level import Rhythm
from trials.clinical.dose_modification import Action, Decision, Hit, decide
from trials.clinical.partial_date import Truth
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import counted
from trials.models import NOT_APPROVED, DoseRule, Drug, RegimenElement
from trials.text import plain

WORDS = {
    Action.GIVE: "give",
    Action.REDUCE: "reduce to",
    Action.OMIT: "omit this dose",
    Action.HOLD: "hold",
    Action.STOP: "stop for good",
}


@dataclass(frozen=True)
class DecidingRow:
    """A row of the table that applies: its code and words, the action it asks for, and what it rests on."""

    code: str
    text: str
    action: Action
    resume: str
    evidence: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class ExpectedAction:
    """The expected action with one drug on one day.

    `planned`: the dose of the regimen before any reduction. `action` None: the table is not approved, or the
    action cannot be determined; `words` says which. `certain` False: what is missing could ask for something
    stricter. `dose` in mg (0 where none is given) and `rhythm` are the expected dose, None where it cannot
    be determined; `reductions` so far and by these rows. `missing` names what is not there, `lacking` says it
    in words; `not_looked_at` names what no row requires; `remarks` tell what no row can see.
    """

    drug: Drug
    day: date
    words: str
    planned: PlannedDose
    table: str = ""
    approved: bool = False
    action: Action | None = None
    certain: bool = False
    dose: Decimal | None = None
    rhythm: Rhythm | None = None
    reductions: int | None = None
    rows: tuple[DecidingRow, ...] = ()
    others: tuple[DecidingRow, ...] = ()
    missing: tuple[str, ...] = ()
    lacking: str = ""
    not_looked_at: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(dict.fromkeys(each for row in (*self.rows, *self.others) for each in row.sources))


def expected_action(facts: Facts, subject: Subject, drug: Drug, on: date) -> ExpectedAction:
    """What the table in force on a day asks for, from what was captured up to that day.

    Doses of the day itself are not counted among those so far. Until the principal investigator has approved
    the version, every action reads "not approved for this study", and of what.
    """
    plan = planned(facts, subject, drug.pk, on)
    element, table = element_of(facts, subject, drug.pk), table_on(facts, subject, on)
    if element is None:
        return ExpectedAction(drug, on, plan.note, plan)
    if table is None:
        missing = (f"dose-modification table in force on {on}",)
        lacking = f"no {missing[0]}"
        words = Undetermined(missing).sentence()
        return ExpectedAction(drug, on, words, plan, missing=missing, lacking=lacking)
    if not table.version.is_approved:
        words = f"{NOT_APPROVED} ({table.version} is not signed by the principal investigator)"
        return ExpectedAction(drug, on, words, plan, table=str(table.version))
    end = drug_ends(facts, subject).get(drug.pk)
    if end is not None and end.day < on:
        words = f"treatment with {drug} ended on {end.day}"
        return ExpectedAction(drug, on, words, plan, table=str(table.version), approved=True)
    return _decided(facts, subject, element, table, plan, on)


def _decided(
    facts: Facts, subject: Subject, element: RegimenElement, table: DoseTable, plan: PlannedDose, on: date
) -> ExpectedAction:
    start = element.dose if element.rule == DoseRule.BODY_SURFACE else plan.dose
    if start is None:
        return ExpectedAction(
            element.drug,
            on,
            plan.note,
            plan,
            str(table.version),
            approved=True,
            missing=(plan.note,),
            lacking=plan.note,
        )
    rules, levels = table.rules_of(element.drug), table.levels_of(element, start)
    decision = decide(rules, levels, situation_of(facts, subject, element, rules, levels, on))
    dose = _in_mg(facts, subject, element, decision.amount, plan)
    return ExpectedAction(
        drug=element.drug,
        day=on,
        words=_words(decision, dose),
        planned=plan,
        table=str(table.version),
        approved=True,
        action=decision.action,
        certain=decision.certain and dose is not None,
        dose=dose,
        rhythm=decision.rhythm,
        reductions=decision.level,
        rows=tuple(_row(hit) for hit in decision.hits),
        others=tuple(_row(hit) for hit in decision.others),
        missing=decision.missing,
        lacking=decision.lacking,
        not_looked_at=decision.not_looked_at,
        remarks=remarks_on(facts, subject, rules, on),
    )


def _in_mg(
    facts: Facts, subject: Subject, element: RegimenElement, amount: Decimal | None, plan: PlannedDose
) -> Decimal | None:
    """An amount in the unit of the regimen, in mg for this subject on this day."""
    if amount is None or not amount or element.rule != DoseRule.BODY_SURFACE:
        return amount
    if amount == element.dose:
        return plan.dose
    settings = surface_settings(facts, subject)
    if settings is None or plan.height is None or plan.weight is None:
        return None
    # From height and weight again: the surface beside the plan is rounded.
    surface = body_surface_area(height_cm=plan.height, weight_kg=plan.weight, formula=settings.formula)
    return in_mg(amount, surface, settings)


def _row(hit: Hit) -> DecidingRow:
    return DecidingRow(
        code=hit.rule.code,
        text=hit.rule.text,
        action=hit.action,
        resume=hit.rule.resume,
        evidence=hit.words,
        sources=sources_of([hit.key]),
    )


def _words(decision: Decision, dose: Decimal | None) -> str:
    if decision.action is None:
        return f"cannot be determined: {decision.lacking}"
    words = WORDS[decision.action]
    if decision.action in (Action.GIVE, Action.REDUCE):
        once = decision.rhythm in (None, Rhythm.ONCE)
        rhythm = "" if once else f" {often(str(decision.rhythm))}"
        words += f" {plain(dose)} mg{rhythm}" if dose is not None else " a dose that cannot be determined"
        words += f" ({counted(decision.level, 'reduction')} so far)" if decision.level else ""
    because = "; ".join(f"{hit.rule.code} “{hit.rule.text}”: {hit.words}" for hit in decision.hits)
    words += f", because of {because}" if because else f"; no row of the table applies, {_remains(decision)}"
    if decision.missing:
        words += f"; at least: {decision.lacking}"
    return words


def _remains(decision: Decision) -> str:
    """The dose where no row says another."""
    return "the dose stays reduced" if decision.level else "the planned dose"


@dataclass(frozen=True)
class DoseDeparture:
    """What was given departs from what the table asks for: the draft of a protocol deviation.

    `rule` names the table and the rows that decide; `forms` are those that tell what was given.
    """

    occurred_on: date
    category: str
    description: str
    rule: str
    sources: tuple[Source, ...]
    forms: tuple[Any, ...]


def differs(facts: Facts, subject: Subject, expected: ExpectedAction, given: GivenDose | None) -> Truth:
    """Whether what was given departs from the expected action; UNKNOWN where one of them cannot be told.

    A dose may differ by the study's tolerance for the drug. More than expected always differs; less only
    where the action is certain, because what is missing might have asked for it.
    """
    amount = given.amount if given is not None else None
    if expected.action is None or expected.dose is None or given is None or amount is None:
        return Truth.UNKNOWN
    wanted = _a_day(expected.dose, expected.rhythm or given.rhythm)
    had = _a_day(amount, given.rhythm)
    departs = differs_from_plan(had, wanted, dose_tolerance(facts, subject, expected.drug))
    if departs is Truth.YES and had > wanted:
        return Truth.YES
    return departs if expected.certain or (departs is Truth.NO and not had) else Truth.UNKNOWN


def _a_day(dose: Decimal, rhythm: Rhythm) -> Decimal:
    return dose / 2 if rhythm is Rhythm.EVERY_OTHER_DAY else dose


def dose_departure(facts: Facts, subject: Subject, drug: Drug, on: date) -> DoseDeparture | None:
    """The drafted deviation where what was given on a day certainly departs from the expected action."""
    table = table_on(facts, subject, on)
    if table is None or not table.version.is_approved:
        return None
    expected, given = expected_action(facts, subject, drug, on), given_on(facts, subject, drug, on)
    if given is None or differs(facts, subject, expected, given) is not Truth.YES:
        return None
    reasons = f" (reason given: {', '.join(given.reasons)})" if given.reasons else ""
    return DoseDeparture(
        occurred_on=on,
        category=DeviationCategory.DOSING,
        description=f"{drug} on {on}: given {given.words}{reasons}; expected: {expected.words}.",
        rule=" ".join((expected.table, *(row.code for row in expected.rows))),
        sources=(*given.sources, *expected.sources),
        forms=given.forms,
    )


def dose_departures(facts: Facts, subject: Subject) -> list[DoseDeparture]:
    """Every drafted deviation of a subject, by day; found once however often it is asked.

    An infusion is looked at on its day, a daily drug on the first day of each dose, and on the day after
    each visit on day 1 of a cycle: what is decided at the visit shows in the next dose.
    """
    return facts.once(_departures, subject)


def _departures(facts: Facts, subject: Subject) -> list[DoseDeparture]:
    decided = [
        visit.occurred_on + timedelta(days=1)
        for visit in facts.visits(subject)
        if visit.occurred_on and visit.cycle_id is not None and visit.definition and visit.definition.day == 1
    ]
    found = []
    for element in regimen_of(facts, subject):
        drug = element.drug
        days = {form.given_on for form in administrations(facts, subject, drug)}
        started = {form.started for form in periods(facts, subject, drug)}
        days |= started | set(decided if started else ())
        departures = (dose_departure(facts, subject, drug, day) for day in days if day is not None)
        found += [each for each in departures if each is not None]
    return sorted(found, key=lambda each: (each.occurred_on, each.description))
