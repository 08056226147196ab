"""How much of a drug was taken: cumulative dose, dose intensity, relative dose intensity (RDI).

RDI = (cumulative dose / actual weeks) / planned dose a week
(Hryniuk and Bush, J Clin Oncol 1984;2:1281-1288).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise

from trials.clinical.dose_level import Rhythm
from trials.clinical.quantity import ARITHMETIC, not_negative, positive
from trials.clinical.undetermined import Undetermined

DAYS_PER_WEEK = 7


@dataclass(frozen=True)
class Administration:
    """A dose on one day; 0 where it was not given. `amount` None: given, but how much is not known.

    `course` names the course it belongs to: any two doses with the same one belong together.
    """

    day: date
    amount: Decimal | None
    course: int

    def __post_init__(self) -> None:
        if self.amount is not None:
            not_negative("amount", self.amount)


@dataclass(frozen=True)
class Period:
    """Days on which a daily drug was taken at one dose, first and last day included; 0 mg: interrupted.

    `last` None: it goes on, or its last day is not known. `amount`, `rhythm` None: not known.
    """

    first: date
    last: date | None
    amount: Decimal | None
    rhythm: Rhythm | None

    def __post_init__(self) -> None:
        if self.amount is not None:
            not_negative("amount", self.amount)
        if self.last is not None and self.last < self.first:
            raise ValueError("the last day lies before the first")


@dataclass(frozen=True)
class Exposure:
    """Exposure to one drug, in the unit of its doses; `days` is the actual duration of treatment.

    Intensities are amounts a week, unrounded. `courses` is None for a daily drug.
    """

    cumulative: Decimal
    days: int
    planned_per_week: Decimal
    first: date
    last: date
    courses: int | None = None

    @property
    def per_week(self) -> Decimal:
        """Actual dose intensity."""
        with localcontext(ARITHMETIC):
            return self.cumulative * DAYS_PER_WEEK / self.days

    @property
    def relative(self) -> Decimal:
        """Relative dose intensity as a fraction: 1 is the planned dose in the planned time."""
        with localcontext(ARITHMETIC):
            return self.per_week / self.planned_per_week


def cyclic_exposure(
    doses: Sequence[Administration], *, planned_per_cycle: Decimal, cycle_days: int
) -> Exposure | Undetermined:
    """Exposure to a drug given on days of a cycle.

    `planned_per_cycle` in the unit of the doses (for gemcitabine 2 x 1000 mg/m2). The duration counts from
    the first day of the first course to that of the last, plus one cycle; a course in which nothing was
    given does not count. `last` is the day of the last dose. Undetermined without a dose above 0, or where
    an amount is None. Raises ValueError for a plan that is not above zero.

    >>> day = date(2021, 3, 1)
    >>> given = [Administration(day + timedelta(days=later), Decimal(85), number)
    ...          for number, later in enumerate((0, 21, 49), 1)]
    >>> found = cyclic_exposure(given, planned_per_cycle=Decimal(85), cycle_days=21)
    >>> found.days, found.courses, round(found.relative, 4)
    (70, 3, Decimal('0.9000'))
    """
    positive("planned_per_cycle", planned_per_cycle)
    if cycle_days < 1:
        raise ValueError("cycle_days must be 1 or more")
    unknown = tuple(f"dose given on {each.day}" for each in doses if each.amount is None)
    if unknown:
        return Undetermined(unknown)
    amounts = [each.amount for each in doses if each.amount is not None]
    given = [each for each in doses if each.amount]
    if not given:
        return Undetermined(("dose that was given",))
    starts: dict[int, date] = {}
    for each in given:
        starts[each.course] = min(each.day, starts.get(each.course, each.day))
    with localcontext(ARITHMETIC):
        return Exposure(
            cumulative=sum(amounts, Decimal(0)),
            days=(max(starts.values()) - min(starts.values())).days + cycle_days,
            planned_per_week=planned_per_cycle * DAYS_PER_WEEK / cycle_days,
            first=min(starts.values()),
            last=max(each.day for each in given),
            courses=len(starts),
        )


def daily_exposure(periods: Sequence[Period], *, planned_per_day: Decimal) -> Exposure | Undetermined:
    """Exposure to a drug taken every day, from the first to the last day with a dose above 0.

    Interruptions in between count as 0 mg; every other day begins with the first day of its period.
    Undetermined without a dose above 0, where an amount, a rhythm or a last day is None, where two periods
    overlap, and where days between two of them are in none. Raises ValueError for a plan that is not above
    zero.

    >>> day = date(2021, 3, 1)
    >>> taken = [Period(day, date(2021, 3, 20), Decimal(12), Rhythm.DAILY),
    ...          Period(date(2021, 3, 21), date(2021, 3, 30), Decimal(0), Rhythm.DAILY),
    ...          Period(date(2021, 3, 31), date(2021, 4, 9), Decimal(8), Rhythm.DAILY)]
    >>> found = daily_exposure(taken, planned_per_day=Decimal(12))
    >>> found.cumulative, found.days, round(found.relative, 3)
    (Decimal('320'), 40, Decimal('0.667'))
    """
    positive("planned_per_day", planned_per_day)
    ordered = _with_doses_at_both_ends(sorted(periods, key=lambda each: each.first))
    if not ordered:
        return Undetermined(("dose that was taken",))
    missing = _unknown(ordered)
    if missing:
        return Undetermined(missing)
    first, last = ordered[0].first, ordered[-1].last or ordered[-1].first
    with localcontext(ARITHMETIC):
        return Exposure(
            cumulative=sum((_taken(each) for each in ordered), Decimal(0)),
            days=(last - first).days + 1,
            planned_per_week=planned_per_day * DAYS_PER_WEEK,
            first=first,
            last=last,
        )


def amount_taken(periods: Sequence[Period], *, first: date, last: date) -> Decimal | Undetermined:
    """The amount of a daily drug taken from one day to another, both included.

    Undetermined where an amount, a rhythm or a last day is None, where two periods overlap, and where a day
    is in none. Raises ValueError for a last day before the first.

    >>> first, last = date(2021, 3, 1), date(2021, 3, 7)
    >>> amount_taken([Period(first, last, Decimal(8), Rhythm.DAILY)], first=first, last=last)
    Decimal('56')
    """
    if last < first:
        raise ValueError("the last day lies before the first")
    ordered = sorted(periods, key=lambda each: each.first)
    missing = list(_unknown(ordered))
    day = timedelta(days=1)
    if not ordered or ordered[0].first > first:
        missing.append(f"dose from {first} to {ordered[0].first - day if ordered else last}")
    if ordered and ordered[-1].last is not None and ordered[-1].last < last:
        missing.append(f"dose from {ordered[-1].last + day} to {last}")
    return Undetermined(tuple(missing)) if missing else sum((_taken(each) for each in ordered), Decimal(0))


def _with_doses_at_both_ends(ordered: list[Period]) -> list[Period]:
    """An interruption that nothing precedes or follows is no part of the treatment."""
    dosed = [number for number, each in enumerate(ordered) if each.amount is None or each.amount > 0]
    return ordered[dosed[0] : dosed[-1] + 1] if dosed else []


def _unknown(ordered: Sequence[Period]) -> tuple[str, ...]:
    missing = [f"dose taken from {each.first}" for each in ordered if each.amount is None]
    missing += [
        f"frequency of the dose taken from {each.first}"
        for each in ordered
        if each.rhythm is None and each.amount != 0
    ]
    missing += [f"last day of the dose taken from {each.first}" for each in ordered if each.last is None]
    for earlier, later in pairwise(ordered):
        if earlier.last is None:
            continue
        between = (later.first - earlier.last).days
        if between < 1:
            missing.append(
                f"single dose from {later.first} to {min(earlier.last, later.last or earlier.last)}"
            )
        elif between > 1:
            day = timedelta(days=1)
            missing.append(f"dose from {earlier.last + day} to {later.first - day}")
    return tuple(missing)


def _taken(period: Period) -> Decimal:
    """Raises ValueError for a period of which something is not known: nothing is put in its place."""
    if period.amount == 0:
        return Decimal(0)
    if period.amount is None or period.rhythm is None or period.last is None:
        raise ValueError(f"what was taken from {period.first} is not known")
    days = (period.last - period.first).days + 1
    return period.amount * ((days + 1) // 2 if period.rhythm is Rhythm.EVERY_OTHER_DAY else days)


def courses(
    days: Sequence[tuple[date, int | None]], *, treatment_days: Sequence[int], cycle_days: int
) -> list[int]:
    """The course, counted from 1, of each administration, in the order of their days.

    Each is its day and the number of its cycle (None where it was given outside any). Doses of one cycle
    are one course; a dose outside belongs to the course that began shortly before it: nearer to the last
    treatment day of that course than to the next day 1.

    >>> found = [(date(2021, 3, 1), 1), (date(2021, 3, 8), 1), (date(2021, 3, 22), None)]
    >>> courses(found, treatment_days=(1, 8), cycle_days=21)
    [1, 1, 2]
    """
    nearest_end = (max(treatment_days) - 1 + cycle_days) / 2
    numbers: list[int] = []
    of_cycle: dict[int, int] = {}
    began: date | None = None
    for day, cycle in sorted(days, key=lambda each: each[0]):
        known = of_cycle.get(cycle) if cycle is not None else None
        last = max(numbers, default=0)
        free = cycle is None or last not in of_cycle.values()
        if known is None and began is not None and free and (day - began).days < nearest_end:
            known = last
        if known is None:
            known, began = last + 1, day
        if cycle is not None:
            of_cycle[cycle] = known
        numbers.append(known)
    return numbers
