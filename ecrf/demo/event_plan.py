"""Which life meets which event: exact numbers of subjects by arm, drawn among those treated long enough."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ecrf.demo.course import draw_course
from ecrf.demo.histories import draw_conditions
from ecrf.demo.plans import Fate, Plan, draw_plans
from ecrf.demo.terms import BY_CTCAE, DRUGS, FROM_RESULTS, OTHERS, SEVERE, STOPPED_FOR, TERMS
from ecrf.demo.world import SEED

LONG_ENOUGH_FOR_SEVERE = 110
SPARE_DAYS = 10


@dataclass(frozen=True)
class Assigned:
    """An event that a life will meet: CTCAE term and highest grade."""

    ctcae: str
    grade: int


def events_of(plan: Plan) -> tuple[Assigned, ...]:
    """The events of a life; nothing for one that is not randomized."""
    return _assigned().get(plan.number, ())


@cache
def _assigned() -> dict[int, tuple[Assigned, ...]]:
    plans = [plan for plan in draw_plans() if plan.fate is Fate.RANDOMIZED]
    found: dict[int, dict[str, int]] = {plan.number: {} for plan in plans}
    for arm in DRUGS:
        _assign_arm(arm, [plan for plan in plans if plan.arm == arm], found)
    return {
        number: tuple(Assigned(ctcae, grade) for ctcae, grade in events.items())
        for number, events in found.items()
    }


def _assign_arm(arm: str, members: list[Plan], found: dict[int, dict[str, int]]) -> None:
    draw = random.Random(f"{SEED}/events/{arm}")  # noqa: S311
    days = {plan.number: (draw_course(plan).treated_until - plan.start).days for plan in members}
    ailing = {plan.number: {condition.term for condition, _ in draw_conditions(plan)} for plan in members}

    def takes(numbers: Iterable[int], ctcae: str, count: int) -> list[int]:
        onset = BY_CTCAE[ctcae].onset[0] if ctcae in BY_CTCAE else 21
        long_enough = [number for number in numbers if days[number] >= onset + SPARE_DAYS]
        able = [each for each in long_enough if ctcae not in found[each] and ctcae not in ailing[each]]
        return draw.sample(able, count)

    severe = list(SEVERE[arm])
    for number, event in STOPPED_FOR.items():
        if number in days:
            severe.remove(event)
            found[number][event[0]] = event[1]
    long = [number for number in days if days[number] >= LONG_ENOUGH_FOR_SEVERE and number not in STOPPED_FOR]
    draw.shuffle(long)
    for (ctcae, grade), number in zip(severe, _not_ailing(long, severe, ailing), strict=False):
        found[number][ctcae] = grade
    calm = [number for number in long if not found[number]]
    for ctcae, grade in OTHERS[arm]:
        (number,) = takes(calm, ctcae, 1)
        found[number][ctcae] = grade
    for term in TERMS:
        already = sum(term.ctcae in found[number] for number in days)
        wanted = term.subjects[arm] - already
        for number in takes(days, term.ctcae, max(0, wanted)):
            found[number][term.ctcae] = draw.choices((1, 2), weights=term.grades)[0]


def _not_ailing(
    numbers: list[int], events: list[tuple[str, int]], ailing: dict[int, set[str]]
) -> Iterable[int]:
    """A life for each event, none that brings the condition along; each life once."""
    left = list(numbers)
    for ctcae, _ in events:
        number = next(each for each in left if ctcae not in ailing[each])
        left.remove(number)
        yield number


def severe_results(plan: Plan) -> dict[str, int]:
    """Tests of this life whose results reach a grade that is told: test and grade."""
    return {FROM_RESULTS[each.ctcae]: each.grade for each in events_of(plan) if each.ctcae in FROM_RESULTS}
