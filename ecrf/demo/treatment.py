"""The treatment of one life: visits, measurements, blood counts, doses, lenvatinib and events, all drawn."""

import math
import random
from dataclasses import dataclass, field
from datetime import date

from ecrf.demo.adverse_events import Happening
from ecrf.demo.course import Course
from ecrf.demo.plans import Plan

OBSERVED_AFTER_LAST_DOSE = 30


@dataclass
class Measured:
    """Vital signs: kg, degrees Celsius, beats a minute, pairs of mm[Hg]."""

    weight: float
    temperature: float
    pulse: int
    pressures: list[tuple[int, int]]


@dataclass
class Dose:
    """A planned administration: the share of the planned dose, and why it is not the whole."""

    share: float = 1.0
    difference: str = ""
    detail: str = ""


@dataclass
class Day:
    """One visit of a cycle.

    `recounted`: the day and the blood count on which chemotherapy was given where it had to wait.
    """

    cycle: int
    day: int
    on: date
    results: dict[str, str]
    measured: Measured
    ecog: str = ""
    doses: dict[str, Dose] = field(default_factory=dict)
    recounted: tuple[date, dict[str, str]] | None = None

    @property
    def given_on(self) -> date:
        """The day on which the drugs of this visit were given."""
        return self.recounted[0] if self.recounted else self.on


@dataclass
class Missed:
    """A visit of a cycle that did not take place, and why."""

    cycle: int
    day: int
    why: str


@dataclass
class Period:
    """Lenvatinib from day to day: `level` counts the reductions, None is an interruption.

    `extra_mg` is taken too much each day, by mistake.
    """

    started: date
    ended: date
    level: int | None
    difference: str = ""
    detail: str = ""
    extra_mg: int = 0


@dataclass
class Closing:
    """A visit after the last dose: its day and what is measured at it."""

    on: date
    results: dict[str, str]
    measured: Measured


@dataclass
class Treatment:
    """All of it; `last_day` is that of the last dose. Closing visits that nobody could come to are absent."""

    course: Course
    days: list[Day | Missed]
    periods: list[Period]
    happenings: list[Happening]
    last_day: date
    closing: dict[str, Closing]

    @property
    def attended(self) -> list[Day]:
        """The visits of the cycles that took place."""
        return [day for day in self.days if isinstance(day, Day)]


def measure(
    plan: Plan,
    cycle: int,
    draw: random.Random,
    pressure: int = 0,
    loses_weight: bool = False,
    readings: int = 1,
) -> Measured:
    """Vital signs of one day; cycle 0 is screening. `pressure` is the grade of a hypertension that lasts."""
    own = plan.draws("vital signs")
    systolic, diastolic = own.gauss(119, 6), own.gauss(75, 4)
    if plan.failing_rule == "E5":
        systolic, diastolic = 154, 97
    elif pressure:
        systolic, diastolic = (168, 101) if pressure >= 3 else (149, 92)
    pressures = [(round(draw.gauss(systolic, 3)), round(draw.gauss(diastolic, 2))) for _ in range(readings)]
    lost = 0.011 * min(cycle, 7) if loses_weight else 0.003 * min(cycle, 9)
    weight = plan.body.weight * (1 - lost) * math.exp(draw.gauss(0, 0.005 if cycle else 0))
    return Measured(round(weight, 1), round(draw.gauss(36.5, 0.2), 1), round(draw.gauss(76, 6)), pressures)
