"""The expected action for one drug on one day: of all rows that apply, the strictest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from trials.clinical.dose_level import Level, Rhythm, level_after
from trials.clinical.dose_modification.missing import Missing, in_words
from trials.clinical.dose_modification.rules import Action, ResultTrigger, Rule
from trials.clinical.dose_modification.situation import LevelGiven, Situation
from trials.clinical.dose_modification.triggers import baseline_holds, on_the_day, since_first_dose
from trials.clinical.partial_date import Truth
from trials.clinical.quantity import ARITHMETIC


@dataclass(frozen=True)
class Hit:
    """A row that applies, what it rests on, and the action it asks for here.

    `action` is that of the row, or REDUCE (STOP below the last level) for one whose trigger has passed and
    leaves the drug reduced by levels; `level` is then the level it leaves.
    """

    rule: Rule
    action: Action
    words: str
    key: Any = None
    level: int | None = None


@dataclass(frozen=True)
class Decision:
    """The expected action, and the rows that decide it.

    `action` None: cannot be determined, `missing` says why. `certain` False: what is missing could ask for
    something stricter. `amount` and `rhythm`: the expected dose in the unit of the regimen (0 where none is
    given), None where it cannot be determined. `level`: reductions. `others`: rows that apply and are less
    strict. `lacking`: what is missing, in words that say it once. `not_looked_at`: what no row requires and
    is not there.
    """

    action: Action | None
    certain: bool
    amount: Decimal | None
    rhythm: Rhythm | None
    level: int | None
    hits: tuple[Hit, ...] = ()
    others: tuple[Hit, ...] = ()
    missing: tuple[str, ...] = ()
    lacking: str = ""
    not_looked_at: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Open:
    """A row of which it is unknown whether it applies, and the strictest that it could ask for."""

    action: Action
    missing: tuple[Missing, ...]
    required: bool


def decide(rules: Sequence[Rule], levels: Sequence[Level], situation: Situation) -> Decision:
    """What the rows of one drug ask for, the strictest of all; nothing missing is taken for normal.

    `levels` begins with the planned dose. The level so far is the lowest at which the drug was given: it
    is never raised again. Raises ValueError for levels that do not descend.

    >>> from trials.clinical.dose_modification import Limits, Measured
    >>> from trials.clinical.reading import Reading
    >>> low = ResultTrigger("PLAT", "platelets", 3, Limits(below=Decimal(75)), unit="10*9/L")
    >>> rows, planned = [Rule("LOW", Action.HOLD, low, "low platelets")], [Level(Decimal(85), Rhythm.ONCE)]
    >>> counted = Measured("PLAT", date(2021, 3, 7), Reading(Decimal(62)), "10*9/L")
    >>> found = decide(rows, planned, Situation(date(2021, 3, 8), results=[counted]))
    >>> found.action, found.hits[0].words
    (<Action.HOLD: 'HOLD'>, 'platelets 62 ×10⁹/L on 2021-03-07')
    >>> decide(rows, planned, Situation(date(2021, 3, 8))).missing
    ('platelets within 3 days up to 2021-03-08',)
    """
    if not rules:
        return _undetermined(None, (Missing("row of the table for this drug"),))
    level, unknown = _level_so_far(situation)
    hits, open_ones = _held_against(rules, levels, situation)
    open_ones += [_Open(Action.STOP, (each,), True) for each in _uncovered(rules, situation)]
    lasting = [hit.level for hit in hits if hit.level is not None]
    action = max((hit.action for hit in hits), key=lambda each: each.strictness, default=Action.GIVE)
    missing, ignored = _missing(open_ones, action)
    if missing and action is Action.GIVE:
        return _undetermined(level, missing, ignored)
    expected = None if level is None else max([level, *lasting])
    amount, rhythm = _dose(action, expected, levels, hits)
    if amount is None:
        missing = (*missing, *unknown)
    return Decision(
        action,
        certain=not missing,
        amount=amount,
        rhythm=rhythm,
        level=expected,
        hits=tuple(hit for hit in hits if hit.action is action),
        others=tuple(hit for hit in hits if hit.action is not action),
        missing=tuple(str(each) for each in missing),
        lacking=in_words(missing),
        not_looked_at=tuple(str(each) for each in ignored),
    )


def _undetermined(level: int | None, missing: Sequence[Missing], ignored: Sequence[Missing] = ()) -> Decision:
    return Decision(
        None,
        False,
        None,
        None,
        level,
        missing=tuple(str(each) for each in missing),
        lacking=in_words(missing),
        not_looked_at=tuple(str(each) for each in ignored),
    )


def _level_so_far(situation: Situation) -> tuple[int | None, tuple[Missing, ...]]:
    levels = [each.level for each in situation.given]
    unknown = tuple(
        Missing(f"level of the table for {each.shown}") for each in situation.given if each.level is None
    )
    return (None, unknown) if unknown else (max((each for each in levels if each is not None), default=0), ())


def _held_against(
    rules: Sequence[Rule], levels: Sequence[Level], situation: Situation
) -> tuple[list[Hit], list[_Open]]:
    hits: list[Hit] = []
    open_ones: list[_Open] = []
    for rule in rules:
        by_levels = rule.reduction is not None and rule.reduction.levels > 0
        found = [] if by_levels else on_the_day(rule, situation)
        if rule.action is Action.STOP:
            found += since_first_dose(rule, situation)
        for each in found:
            if each.truth is Truth.YES:
                hits.append(Hit(rule, rule.action, each.words, each.key))
            else:
                open_ones.append(_Open(rule.action, each.missing, each.required))
        if rule.lasting_levels:
            _held_for_good(rule, levels, situation, hits, open_ones)
    return list(dict.fromkeys(hits)), open_ones


def _held_for_good(
    rule: Rule,
    levels: Sequence[Level],
    situation: Situation,
    hits: list[Hit],
    open_ones: list[_Open],
) -> None:
    """Levels that a trigger since the first dose leaves the drug reduced by, counted from where it was."""
    so_far, _unknown = _level_so_far(situation)
    for each in since_first_dose(rule, situation):
        before, after = (_level_on(situation.given, day) for day in each.began)
        lowest = (so_far if after is None else after) or 0
        level = lowest + rule.lasting_levels
        action = Action.REDUCE if level_after(levels, level) else Action.STOP
        if each.truth is Truth.UNKNOWN:
            open_ones.append(_Open(action, each.missing, each.required))
        elif before is None or before != after:
            open_ones.append(_Open(action, (Missing(f"level at the start of {each.words}"),), True))
        elif so_far is None or level > so_far:
            hits.append(Hit(rule, action, each.words, each.key, level))


def _level_on(given: Sequence[LevelGiven], day: date) -> int | None:
    """The level on a day: that of the last dose until then, never higher than one before it."""
    until = [each.level for each in given if each.day <= day] or [each.level for each in given[:1]]
    known = [each for each in until if each is not None]
    return max(known, default=0) if len(known) == len(until) else None


def _uncovered(rules: Sequence[Rule], situation: Situation) -> list[Missing]:
    """Tests of which every row asks for a baseline that the subject does not have: no row would see them."""
    by_test: dict[str, list[ResultTrigger]] = {}
    for rule in rules:
        if isinstance(rule.trigger, ResultTrigger) and rule.trigger.required:
            by_test.setdefault(rule.trigger.test, []).append(rule.trigger)
    return [
        Missing(f"row of the table for the baseline of {triggers[0].name}")
        for triggers in by_test.values()
        if all(baseline_holds(each, situation) is Truth.NO for each in triggers)
    ]


def _missing(open_ones: Sequence[_Open], action: Action) -> tuple[tuple[Missing, ...], tuple[Missing, ...]]:
    """What could ask for something stricter than the action, and what is unknown but not required."""
    matter: dict[Missing, None] = {}
    ignored: dict[Missing, None] = {}
    for each in open_ones:
        further = each.action is Action.REDUCE and action is Action.REDUCE
        if each.action.strictness > action.strictness or further:
            (matter if each.required else ignored).update(dict.fromkeys(each.missing))
    return tuple(matter), tuple(name for name in ignored if name not in matter)


def _dose(
    action: Action, level: int | None, levels: Sequence[Level], hits: Sequence[Hit]
) -> tuple[Decimal | None, Rhythm | None]:
    if action not in (Action.GIVE, Action.REDUCE):
        return Decimal(0), None
    held = None if level is None else level_after(levels, level)
    if held is None:
        return None, None
    amounts = [held.amount]
    with localcontext(ARITHMETIC):
        for hit in hits:
            reduction = hit.rule.reduction
            if reduction is not None and reduction.percent is not None:
                amounts.append(held.amount * reduction.percent / 100)
            if reduction is not None and reduction.amount is not None:
                amounts.append(reduction.amount)
    return min(amounts), held.rhythm
