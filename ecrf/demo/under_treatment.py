"""Treatment of one randomized life, entered visit by visit."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from ecrf.demo.accountability import Accountability
from ecrf.demo.consents import Consents
from ecrf.demo.desk import Desk
from ecrf.demo.endings import Endings
from ecrf.demo.events import Events
from ecrf.demo.follow_up import FollowUp, ailing
from ecrf.demo.imaging import Imaging
from ecrf.demo.medication import Medication
from ecrf.demo.outcomes import Stop
from ecrf.demo.rarities import Rarities
from ecrf.demo.terms import WITH_CHEMOTHERAPY
from ecrf.demo.treatment import Day, Missed, Treatment
from ecrf.demo.visit_forms import Facts, fill_scheduled, sample
from ecrf.demo.whole_treatment import draw_treatment
from patients.actions.visits import add_unscheduled_visit, open_cycle

VISIT_CODE = {1: "D1", 8: "D8"}
WHY_RECOUNTED = "Blood count before a course that was delayed"


class UnderTreatment:
    """The visits of the cycles of one life, with everything that is entered at them."""

    def __init__(self, desk: Desk, lesions: dict[str, int]) -> None:
        self.desk = desk
        self.treatment: Treatment = draw_treatment(desk.plan)
        self.medication = Medication(desk, self.treatment)
        self.capsules = Accountability(desk, self.treatment, self.medication)
        self.events = Events(desk, self.treatment)
        self.imaging = Imaging(desk, self.treatment, lesions)
        self.endings = Endings(desk, self.treatment)
        self.consents = Consents(desk)
        self.rarities = Rarities(desk, self.treatment, self.medication, self.consents)

    def go(self) -> Iterator[datetime]:
        """Every visit under treatment, then everything after it."""
        for day in self.treatment.days:
            if isinstance(day, Missed):
                yield self.desk.at(self.desk.moment)
                if self.desk.is_due(_code(day)):
                    self.desk.miss(_code(day), day.why)
                continue
            yield from self._before(day.on)
            yield self.desk.after_visit(day.given_on)
            self._visit(day)
        yield from self._before(self.treatment.last_day + timedelta(days=1))
        follow_up = FollowUp(self.desk, self.treatment, self.events, self.imaging, self.endings)
        yield from follow_up.end_treatment(self.medication, self.capsules)
        yield from follow_up.follow()

    def _before(self, day: date) -> Iterator[datetime]:
        """Scans, surgery and decisions that came before a day."""
        yield from self.imaging.until(day)
        course = self.treatment.course
        if course.resected and course.resected < day and not self.desk.was_done("surgery"):
            yield self.desk.after_visit(course.resected + timedelta(days=9))
            self.endings.of_surgery()
        beyond = self.desk.plan.outcome.stop is Stop.BEYOND and course.progressed
        if beyond and beyond.day < day and not self.desk.was_done("beyond progression"):
            yield self.desk.after_visit(beyond.day + timedelta(days=4))
            self.consents.beyond_progression(beyond.day)
            self.endings.goes_beyond(self.consents.version_on(beyond.day))

    def _visit(self, day: Day) -> None:
        desk = self.desk
        after_the_courses = day.day == 1 and day.cycle == self.treatment.course.courses + 1
        if desk.plan.arm in WITH_CHEMOTHERAPY and after_the_courses:
            self.endings.of_chemotherapy(day.on)
        if day.day == 1 and day.cycle > 1:
            with desk.act():
                open_cycle(actor=desk.entering(), subject=desk.subject)
        visit = desk.open(_code(day), day.on)
        if day.day == 1:
            self.consents.renew(day.on)
        facts = Facts(
            day.on, day.cycle, day.measured, None, day.ecog, day.results, ailing(self.treatment, day.on)
        )
        fill_scheduled(desk, visit, VISIT_CODE[day.day], facts)
        if day.recounted:
            self._recount(*day.recounted)
        self.medication.give(visit, day)
        self.medication.periods_until(day.given_on)
        if day.day == 1:
            self.capsules.count(day.on)
        self.events.until(day.given_on)
        if day.day == 1:
            self.rarities.tell(day.cycle, day.given_on)
        desk.put_right()

    def _recount(self, on: date, results: dict[str, str]) -> None:
        """The blood count that let a delayed course be given."""
        desk = self.desk
        with desk.act():
            visit = add_unscheduled_visit(
                actor=desk.entering(), subject=desk.subject, occurred_on=on, why=WHY_RECOUNTED
            )
        facts = Facts(on, None, results=results, ailing=ailing(self.treatment, on))
        sample(desk, visit, "HEMATOLOGY", facts)


def _code(day: Day | Missed) -> str:
    return f"C{day.cycle}{VISIT_CODE[day.day]}"


def treat(desk: Desk, lesions: dict[str, int]) -> Iterator[datetime]:
    """Everything that is entered about a randomized life, from the first dose to the end."""
    yield from UnderTreatment(desk, lesions).go()
