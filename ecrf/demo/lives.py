"""A life in the study, from the first signature to the last entry."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ecrf.demo.cast import Cast
from ecrf.demo.desk import Desk
from ecrf.demo.oversight import places, watch_over
from ecrf.demo.plans import Fate, Plan
from ecrf.demo.screening import screen
from ecrf.demo.settling import settle
from ecrf.demo.under_treatment import treat
from patients.models import Subject

LATER = 21


def live(cast: Cast, plan: Plan, enrolled: dict[int, Subject]) -> Iterator[datetime]:
    """Yields the moment of each sitting at the desk; resumed, it enters what happened until then.

    `enrolled` holds the subjects by the number of their plan, for whoever is screened again.
    """
    desk = Desk(cast, plan)
    lesions: dict[str, int] = {}
    yield from screen(desk, enrolled, lesions)
    if plan.fate is Fate.RANDOMIZED:
        yield from treat(desk, lesions)
    elif plan.fate is Fate.WAITING:
        yield desk.after_visit(desk.today + timedelta(days=LATER))
        desk.put_right(everything=True)
    settle(desk)
    here = places().get(plan.number)
    if here is not None:
        watch_over(desk, here)
