"""The days on which one life is scanned: on the calendar from randomization, in the window, as it happens."""

from dataclasses import dataclass
from datetime import date, timedelta

from ecrf.demo.calendar import is_working_day, nearest_working_day
from ecrf.demo.outcomes import End, Outcome, Seen
from ecrf.demo.plans import Plan

EVERY_DAYS = 42
WINDOW_DAYS = 7
EARLY_OR_LATE = (-5, 5)
"""A scan falls somewhere in its window; nothing else decides its day."""


@dataclass(frozen=True)
class Scan:
    """One look at the tumor. `number` counts the scheduled ones, None is unscheduled; `on` None is missed."""

    number: int | None
    seen: Seen
    on: date | None

    @property
    def day(self) -> date:
        """The day of a scan that took place. Raises LookupError for a missed one."""
        if self.on is None:
            raise LookupError("this scan was missed")
        return self.on


def draw_scans(plan: Plan) -> list[Scan]:
    """The looks at the tumor after baseline, in their order."""
    outcome, draw = plan.outcome, plan.draws("scans")
    scans = []
    for look in outcome.looks:
        if look.number is None:
            scans.append(Scan(None, look.seen, plan.after(look.day or 0)))
            continue
        due = plan.after(EVERY_DAYS * look.number)
        on = _in_window(due, due + timedelta(days=draw.randint(*EARLY_OR_LATE)), _latest(plan, outcome))
        scans.append(Scan(look.number, look.seen, None if look.seen is Seen.MISSED else on))
    return scans


def _latest(plan: Plan, outcome: Outcome) -> date | None:
    return plan.after(outcome.ended - 1) if outcome.end is not End.ALIVE and outcome.ended else None


def _in_window(due: date, wanted: date, latest: date | None) -> date:
    """The working day nearest to the wanted one that lies in the window."""
    first, last = due - timedelta(days=WINDOW_DAYS), due + timedelta(days=WINDOW_DAYS)
    last = min(last, latest) if latest else last
    day = min(max(nearest_working_day(wanted), first), last)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def progression(scans: list[Scan]) -> Scan | None:
    """The scan that first shows progression."""
    return next((scan for scan in scans if scan.seen.is_progression), None)
