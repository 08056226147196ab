"""The adverse events of one life that no laboratory shows: when they come, how long they last."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from ecrf.demo.event_plan import Assigned, events_of
from ecrf.demo.plans import Plan
from ecrf.demo.terms import (
    BY_CTCAE,
    DRUGS,
    FROM_RESULTS,
    SERIOUS,
    STOPPED_FOR,
    WITH_TORIPALIMAB,
    Medicine,
    Term,
)

RELATED = ("DEFINITELY RELATED", "PROBABLY RELATED", "POSSIBLY RELATED")
NOT_RELATED = ("UNLIKELY RELATED", "UNRELATED")
RECOVERED, NOT_RECOVERED = "RECOVERED/RESOLVED", "NOT RECOVERED/NOT RESOLVED"
NOT_CHANGED, INTERRUPTED, REDUCED, WITHDRAWN = (
    "DOSE NOT CHANGED",
    "DRUG INTERRUPTED",
    "DOSE REDUCED",
    "DRUG WITHDRAWN",
)
BEFORE_THE_STOP = (6, 12)
"""Days between the start of an event and the end of the treatment that it ends."""
INFUSION_REACTION = "Infusion related reaction"


@dataclass
class Happening:
    """One adverse event of one life; `ended` None while it lasts. Dates are true, not as reported.

    `actions` say what was done with each drug. `test` names the laboratory test that shows the event;
    `worsens` the milder record of it that ends where this one starts.
    """

    reported: str
    ctcae: str
    grade: int
    started: date
    ended: date | None
    causality: dict[str, str]
    actions: dict[str, str] = field(default_factory=dict)
    medicines: tuple[Medicine, ...] = ()
    test: str = ""
    known_to_month: bool = False
    worsens: "Happening | None" = None
    special: str = ""
    immune: bool = False

    @property
    def serious(self) -> bool:
        """Whether it is reported as serious: life-threatening, or a reason for hospital."""
        return self.grade >= 4 or self.ctcae in SERIOUS

    @property
    def hospital(self) -> bool:
        """Whether the subject was admitted for it."""
        return self.ctcae in SERIOUS

    def is_blamed_on(self, drug: str) -> bool:
        """Whether the drug is held to have caused it."""
        return self.causality.get(drug) in RELATED

    def lasts_on(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.started <= day and (self.ended is None or day <= self.ended)

    def started_as_reported(self) -> str:
        return self.started.isoformat()[: 7 if self.known_to_month else 10]


def draw_happenings(plan: Plan, first_dose: date, treated_until: date, last_day: date) -> list[Happening]:
    """The events between first dose and the end of observation, by day of start."""
    draw = plan.draws("adverse events")
    happened = [
        _draw_one(assigned, plan, draw, first_dose, treated_until, last_day)
        for assigned in events_of(plan)
        if assigned.ctcae not in FROM_RESULTS and assigned.ctcae != INFUSION_REACTION
    ]
    return sorted(happened, key=lambda each: each.started)


def _draw_one(
    assigned: Assigned, plan: Plan, draw: random.Random, first_dose: date, until: date, last_day: date
) -> Happening:
    term = BY_CTCAE[assigned.ctcae]
    latest = max(term.onset[0], min(term.onset[1], (until - first_dose).days - 4))
    started = first_dose + timedelta(days=draw.randint(min(term.onset[0], latest), latest))
    if plan.number in STOPPED_FOR and STOPPED_FOR[plan.number][0] == term.ctcae:
        started = until - timedelta(days=draw.randint(*BEFORE_THE_STOP))
    ended = started + timedelta(days=draw.randint(*term.lasts))
    vague = assigned.grade == 1 and draw.random() < 0.15 and started.month == (started + timedelta(9)).month
    return Happening(
        reported=draw.choice(term.reported),
        ctcae=term.ctcae,
        grade=assigned.grade,
        started=started,
        ended=ended if ended <= last_day else None,
        causality={drug: _causality(drug, term, draw) for drug in DRUGS[plan.arm]},
        medicines=_medicines(term, assigned.grade),
        known_to_month=vague,
        special=term.special,
        immune=term.immune and plan.arm in WITH_TORIPALIMAB,
    )


def infusion_reaction(plan: Plan, on: date) -> list[Happening]:
    """The reaction to an infusion of this life on a day, if it has one."""
    if not any(each.ctcae == INFUSION_REACTION for each in events_of(plan)):
        return []
    term, draw = BY_CTCAE[INFUSION_REACTION], plan.draws("infusion reaction")
    causality = {drug: _causality(drug, term, draw) for drug in DRUGS[plan.arm]}
    return [
        Happening(
            reported=term.reported[0],
            ctcae=term.ctcae,
            grade=2,
            started=on,
            ended=on,
            causality=causality,
            medicines=_medicines(term, 2),
            special=term.special,
        )
    ]


def _medicines(term: Term, grade: int) -> tuple[Medicine, ...]:
    return (term.medicine,) if term.medicine and (grade > 1 or term.treats_mild) else ()


def _causality(drug: str, term: Term, draw: random.Random) -> str:
    if drug not in term.culprits:
        return draw.choices(NOT_RELATED, weights=(1, 3))[0]
    return draw.choices(RELATED, weights=(1, 4, 5))[0]
