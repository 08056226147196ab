"""What the outcome of a life means in days: scans, treatment, the end."""

from dataclasses import dataclass
from datetime import date

from ecrf.demo.outcomes import End, Stop
from ecrf.demo.plans import Plan
from ecrf.demo.scans import Scan, draw_scans, progression

TWO_YEARS_OF_DAYS = 730
BEFORE_DEATH = (4, 16)
COURSES = (6, 6, 8)

REASONS = {
    # disposition reason of the last drug, and in words where it needs them
    Stop.PROGRESSION: ("PROGRESSIVE DISEASE", ""),
    Stop.BEYOND: ("PROGRESSIVE DISEASE", "After treatment beyond progression"),
    Stop.DEATH: ("DEATH", ""),
    Stop.TWO_YEARS: ("COMPLETED", "Two years of treatment, disease controlled"),
    Stop.ADVERSE_EVENT: ("ADVERSE EVENT", ""),
    Stop.WITHDRAWAL: ("WITHDRAWAL BY SUBJECT", ""),
}


@dataclass(frozen=True)
class Course:
    """The days of one randomized life.

    `treated_until` is the last day on which a study drug may be taken; `courses` the most cycles with
    chemotherapy (arm B). `progressed` is the scan that first shows it. `last_contact` is the last day on
    which a subject who did not die and is not followed to the end was in contact.
    """

    scans: tuple[Scan, ...]
    treated_until: date
    courses: int
    progressed: Scan | None
    resected: date | None
    new_therapy: date | None
    died: date | None
    last_contact: date | None


def draw_course(plan: Plan) -> Course:
    """The course of one randomized life."""
    outcome = plan.outcome
    scans = draw_scans(plan)
    ended = plan.after(outcome.ended) if outcome.ended is not None else None
    return Course(
        scans=tuple(scans),
        treated_until=_treated_until(plan, scans),
        courses=plan.draws("courses").choice(COURSES),
        progressed=progression(scans),
        resected=_after(plan, outcome.resected),
        new_therapy=_after(plan, outcome.new_therapy),
        died=ended if outcome.end is End.DIED else None,
        last_contact=ended if outcome.end in (End.LOST, End.WITHDREW) else None,
    )


def _after(plan: Plan, days: int | None) -> date | None:
    return None if days is None else plan.after(days)


def _treated_until(plan: Plan, scans: list[Scan]) -> date:
    outcome, draw = plan.outcome, plan.draws("end of treatment")
    match outcome.stop:
        case Stop.PROGRESSION:
            seen = progression(scans)
            if seen is None:
                raise LookupError(
                    f"life {plan.number} ends treatment for a progression that it does not have"
                )
            return seen.day
        case Stop.BEYOND:
            return scans[-1].day
        case Stop.DEATH:
            return plan.after((outcome.ended or 0) - draw.randint(*BEFORE_DEATH))
        case Stop.TWO_YEARS:
            return plan.after(TWO_YEARS_OF_DAYS)
        case Stop.ADVERSE_EVENT | Stop.WITHDRAWAL:
            return plan.after(outcome.stopped or 0)
