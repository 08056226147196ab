"""After the last dose of one life: closing visits, scans, contacts and the end, each on its day."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from ecrf.demo.accountability import Accountability
from ecrf.demo.calendar import nearest_working_day, next_working_day
from ecrf.demo.desk import Desk
from ecrf.demo.endings import DECLARED_AFTER, Endings
from ecrf.demo.events import Events
from ecrf.demo.imaging import Imaging
from ecrf.demo.later_therapy import LaterTherapy
from ecrf.demo.medication import Medication
from ecrf.demo.outcomes import End
from ecrf.demo.treatment import Treatment
from ecrf.demo.visit_forms import Facts, fill_scheduled
from ecrf.demo.world import CUT_OFF
from patients.actions.visits import add_unscheduled_visit
from patients.models import SurvivalFollowUp, Visit, VisitStatus

LAST_CONTACTS = (3, 11)
"""Days before the end of the study on which those alive are asked for the last time."""
MISSED_SHARE = 0.05
NO_CONTACT = "Nobody answered the telephone"
LAST_CONTACT = "Contact at the end of the study"
Act = Callable[[date], None]
STATED = ("TELEPHONE", "TELEPHONE", "CLINIC", "FAMILY")


class FollowUp:
    """What is left of one life once treatment has ended."""

    def __init__(
        self,
        desk: Desk,
        treatment: Treatment,
        events: Events,
        imaging: Imaging,
        endings: Endings,
    ) -> None:
        self.desk, self.treatment, self.course = desk, treatment, treatment.course
        self.events, self.imaging, self.endings = events, imaging, endings
        self.later = LaterTherapy(desk, treatment.course)
        self.draw = desk.plan.draws("survival")
        self.heard_of = treatment.last_day
        self.next_contact: tuple[str, date] | None = None
        self.therapy_is_told = False

    # ---------------------------------------------------------------- end of treatment
    def end_treatment(self, medication: Medication, capsules: Accountability) -> Iterator[datetime]:
        """The last periods and events, the dispositions, and the visit itself."""
        closing = self.treatment.closing.get("EOT")
        on = closing.on if closing else next_working_day(self.treatment.last_day + timedelta(days=1))
        if self.endings.outcome.end is End.DIED and self.course.died and on > self.course.died:
            on = self.course.died
        yield self.desk.after_visit(on)
        medication.periods_until(self.treatment.last_day)
        capsules.count(self.treatment.last_day + timedelta(days=1), last=True)
        self.events.until(self.treatment.last_day)
        self.endings.of_treatment()
        self._closing_visit("EOT")
        self.desk.put_right()

    def _closing_visit(self, code: str) -> None:
        closing = self.treatment.closing.get(code)
        if closing is None:
            return
        visit = self.desk.open(code, closing.on)
        facts = Facts(
            closing.on,
            None,
            closing.measured,
            None,
            "1",
            closing.results,
            ailing(self.treatment, closing.on),
        )
        fill_scheduled(self.desk, visit, code, facts)

    # ---------------------------------------------------------------- what comes later
    def follow(self) -> Iterator[datetime]:
        """Everything until the end, in the order of its days."""
        end = self._end()
        while True:
            day, act = min(self._agenda(end), key=lambda each: each[0])
            if day >= end:
                break
            yield self.desk.after_visit(day)
            act(day)
            self.desk.put_right()
        yield self.desk.after_visit(self._day_of_last_entry(end))
        self.events.until(end)
        self.later.end(end)
        self.imaging.leave_out(end)
        if self.endings.outcome.end is End.ALIVE:
            self._last_contact(end)
        self.endings.of_study(end)
        self.desk.put_right(everything=True)

    def _end(self) -> date:
        course = self.course
        known = course.died or course.last_contact
        return known or next_working_day(CUT_OFF - timedelta(days=self.draw.randint(*LAST_CONTACTS)))

    def _day_of_last_entry(self, end: date) -> date:
        match self.endings.outcome.end:
            case End.DIED:
                return end + timedelta(days=self.draw.randint(1, 12))
            case End.LOST:
                return end + timedelta(days=DECLARED_AFTER)
            case _:
                return end

    def _agenda(self, end: date) -> list[tuple[date, Act]]:
        """What comes next of each kind."""
        never = (end, self._nothing)
        scan = self.imaging.next_day()
        safety = next(
            (
                (closing.on, code)
                for code, closing in self.treatment.closing.items()
                if code != "EOT" and self.desk.is_due(code)
            ),
            None,
        )
        therapy = self.later.starts
        contact = self._contact()
        return [
            (scan, self._scan) if scan else never,
            (safety[0], self._safety) if safety else never,
            (therapy, self._therapy) if therapy and not self.therapy_is_told else never,
            (contact[1], self._ask) if contact else never,
            never,
        ]

    def _nothing(self, day: date) -> None:
        """Nothing of this kind is left."""

    def _scan(self, day: date) -> None:
        for _ in self.imaging.until(day + timedelta(days=1)):
            pass

    def _safety(self, day: date) -> None:
        code = next(code for code, closing in self.treatment.closing.items() if closing.on == day)
        self.events.until(day)
        self._closing_visit(code)

    def _therapy(self, day: date) -> None:
        self.therapy_is_told = True
        self.later.begin()

    # ---------------------------------------------------------------- contacts
    def _contact(self) -> tuple[str, date] | None:
        """The next contact that is due, with a day in its window."""
        if self.next_contact is None:
            due = (
                Visit.objects.filter(
                    subject=self.desk.subject, definition__code="SURV", status=VisitStatus.PLANNED
                )
                .order_by("planned_on")
                .first()
            )
            if due is None or due.planned_on is None:
                return None
            on = nearest_working_day(due.planned_on + timedelta(days=self.draw.randint(-6, 6)))
            self.next_contact = (due.code, on)
        return self.next_contact

    def _ask(self, day: date) -> None:
        code, on = self.next_contact or ("", day)
        self.next_contact = None
        # The calendar grows by visits that took place: the last one on it is never missed.
        following = f"SURV{int(code.removeprefix('SURV')) + 1}"
        if self.draw.random() < MISSED_SHARE and self.desk.is_planned(following):
            self.desk.miss(code, NO_CONTACT)
            return
        self._heard(self.desk.open(code, on), on)

    def _last_contact(self, on: date) -> None:
        with self.desk.act():
            visit = add_unscheduled_visit(
                actor=self.desk.entering(), subject=self.desk.subject, occurred_on=on, why=LAST_CONTACT
            )
        self._heard(visit, on)

    def _heard(self, visit: Visit, on: date) -> None:
        data = {
            "contacted_on": on.isoformat(),
            "source": self.draw.choice(STATED),
            "status": "ALIVE",
            "last_known_alive_on": on.isoformat(),
            "progressed": "N",
            "new_therapy": "Y" if self.later.is_new_since(self.heard_of, on) else "N",
        }
        self.heard_of = on
        self.desk.enter(SurvivalFollowUp, data, visit=visit, slips=False)


def ailing(treatment: Treatment, on: date) -> frozenset[str]:
    """Tests whose results are an adverse event that lasts on a day."""
    return frozenset(each.test for each in treatment.happenings if each.test and each.lasts_on(on))
