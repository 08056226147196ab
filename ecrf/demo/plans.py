"""The plan of each life, drawn before anything is replayed.

A plan says what will happen to a person: fate of screening, arm, dates of progression and death, how the
body answers to treatment. Everything else (visits, results, doses, events) follows from it. Each plan draws
from a generator of its own, so that one life can be changed without disturbing the others.
"""

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from ecrf.demo.calendar import next_working_day, working_moment
from ecrf.demo.outcomes import OUTCOMES, Outcome
from ecrf.demo.world import (
    ARM_SEQUENCE_BLOCK,
    ARMS,
    FIRST_SCREENING,
    LARGER_ARM,
    LAST_SCREENING,
    RANDOMIZED,
    SECOND_SITE,
    SEED,
    SITE,
)

MENOPAUSE_AGE = 51
RANGE_AGE_LIMITS = (50, 60)


class Fate(StrEnum):
    """How screening ends."""

    RANDOMIZED = "randomized"
    FAILED = "screening failure"
    WAITING = "still in screening"


@dataclass(frozen=True)
class Body:
    """The person: sex, month of birth, height in cm, weight in kg, performance status."""

    sex: str
    birth: str
    age: int
    height: int
    weight: float
    ecog: str


@dataclass(frozen=True)
class Response:
    """How the body answers to treatment: 1 is the average depth of cytopenia; the rest is yes or no."""

    marrow: float
    liver: bool
    thyroid: bool
    pressure: bool
    proteinuria: bool


@dataclass(frozen=True)
class Plan:
    """One life. `previous` is the number of the plan of the same person's earlier screening."""

    number: int
    site: str
    screened_on: date
    fate: Fate
    body: Body
    response: Response
    failing_rule: str = ""
    previous: int | None = None
    randomized_on: date | None = None
    arm: str = ""

    @property
    def start(self) -> date:
        """The day of randomization. Raises LookupError for a life that has none."""
        if self.randomized_on is None:
            raise LookupError("this life is not randomized")
        return self.randomized_on

    @property
    def outcome(self) -> Outcome:
        """What becomes of this life. Raises LookupError for one that is not randomized."""
        if self.fate is not Fate.RANDOMIZED:
            raise LookupError("this life is not randomized")
        return OUTCOMES[self.number]

    @property
    def can_bear_children(self) -> bool:
        """Whether this is a woman before menopause."""
        return self.body.sex == "F" and self.body.age < MENOPAUSE_AGE

    def after(self, days: int) -> date:
        """The day so many days after randomization."""
        return self.start + timedelta(days=days)

    def draws(self, purpose: str) -> random.Random:
        """A generator of this life for one purpose: the same numbers on every build."""
        return random.Random(f"{SEED}/{self.number}/{purpose}")  # noqa: S311  (synthetic data, no secret)


FAILURES = {
    # place in the order of screening: the rule that is not met
    4: "I7.1b",
    9: "I3",
    17: "E5",
    23: "I7.4b",
    31: "I7.3a",
    38: "E9a",
    44: "I8",
    52: "E2",
    60: "I4",
    67: "E7",
}
RESCREENED = {26: 23, 50: 44}  # place: the place of the same person's earlier failure
FAIL_AGAIN = {50: "I8"}

SCREENED_AT_SITE = RANDOMIZED + len(FAILURES) + len(FAIL_AGAIN)
SCREENED_ELSEWHERE = 6
FAILURES_ELSEWHERE = {0: "I3", 1: "E2", 2: "I8", 3: "E9a"}

CYCLE_DAYS = 21


def draw_plans() -> list[Plan]:
    """All lives, in the order of screening at the first site and then at the second."""
    plans: list[Plan] = []
    for place, day in enumerate(_screening_days(), 1):
        plans.append(_draw_plan(place, SITE, day, plans))
    _allocate(plans)
    first = len(plans) + 1
    for place in range(SCREENED_ELSEWHERE):
        day = next_working_day(date(2021, 4, 6) + timedelta(days=12 * place))
        rule = FAILURES_ELSEWHERE.get(place, "")
        plans.append(_with_body(first + place, SECOND_SITE, day, Fate.FAILED if rule else Fate.WAITING, rule))
    return plans


def _screening_days() -> list[date]:
    span = (LAST_SCREENING - FIRST_SCREENING).days
    draw = random.Random(f"{SEED}/screening")  # noqa: S311
    even = [
        FIRST_SCREENING + timedelta(days=round(place * span / SCREENED_AT_SITE))
        for place in range(SCREENED_AT_SITE)
    ]
    return sorted(next_working_day(day + timedelta(days=draw.randint(0, 3))) for day in even)


def _draw_plan(place: int, site: str, day: date, before: list[Plan]) -> Plan:
    rule = FAILURES.get(place) or FAIL_AGAIN.get(place, "")
    plan = _with_body(place, site, day, Fate.FAILED if rule else Fate.RANDOMIZED, rule)
    if place in RESCREENED:
        earlier = before[RESCREENED[place] - 1]
        plan = replace(plan, previous=earlier.number, body=earlier.body)
    if plan.fate is Fate.RANDOMIZED:
        wait = plan.draws("screening").randint(6, 12)
        plan = replace(plan, randomized_on=next_working_day(day + timedelta(days=wait)))
    return plan


def _with_body(number: int, site: str, day: date, fate: Fate, rule: str = "") -> Plan:
    draw = random.Random(f"{SEED}/{number}/body")  # noqa: S311
    sex = "M" if draw.random() < 0.57 else "F"
    age = _not_on_a_limit(round(min(74, max(33, draw.gauss(59, 9)))))
    height = round(draw.gauss(168, 5) if sex == "M" else draw.gauss(158, 5))
    index = min(29.0, max(18.5, draw.gauss(22.8, 2.3)))
    weight = min(85.0, max(45.0, round(index * (height / 100) ** 2, 1)))
    birth = _month_of_birth(day, age, draw)
    body = Body(sex, birth, age, height, weight, "0" if draw.random() < 0.6 else "1")
    response = Response(
        marrow=min(2.4, max(0.4, draw.gauss(1, 0.42))),
        liver=draw.random() < 0.25,
        thyroid=draw.random() < 0.4,
        pressure=draw.random() < 0.4,
        proteinuria=draw.random() < 0.3,
    )
    return Plan(number, site, day, fate, body, response, failing_rule=rule)


def _not_on_a_limit(age: int) -> int:
    """An age whose reference ranges stay the same for two years.

    In the month in which somebody reaches an age limit of a range nobody can tell which range applies.
    """
    return next((limit for limit in RANGE_AGE_LIMITS if limit - 2 <= age < limit), age)


def _month_of_birth(day: date, age: int, draw: random.Random) -> str:
    # Not the month of consent itself: there the month alone leaves the age open.
    months_before = age * 12 + draw.randint(1, 11)
    months = day.year * 12 + day.month - 1 - months_before
    return f"{months // 12}-{months % 12 + 1:02d}"


def arm_sequence() -> list[str]:
    """The arms of the slots in order: permuted blocks, 31 to 30, exactly as long as used."""
    draw = random.Random(f"{SEED}/allocation")  # noqa: S311
    sequence: list[str] = []
    while len(sequence) < RANDOMIZED - 1:
        block = [*ARMS] * (ARM_SEQUENCE_BLOCK // len(ARMS))
        draw.shuffle(block)
        sequence += block
    return [*sequence[: RANDOMIZED - 1], LARGER_ARM]


def _allocate(plans: list[Plan]) -> None:
    """Arms in the order of randomization, as the list will give them."""
    order = sorted((plan for plan in plans if plan.fate is Fate.RANDOMIZED), key=randomization_moment)
    for plan, arm in zip(order, arm_sequence(), strict=True):
        plans[plan.number - 1] = replace(plan, arm=arm)


def randomization_moment(plan: Plan) -> datetime:
    """When the subject is randomized; the order of these moments is the order of the slots."""
    return working_moment(plan.start, plan.draws("randomization"))
