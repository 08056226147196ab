"""Scans of one life as they are entered: scheduled visits on the calendar from randomization, and others."""

from collections.abc import Iterator
from datetime import date, datetime

from ecrf.demo.desk import Desk
from ecrf.demo.laboratory import Laboratory, tumor_marker
from ecrf.demo.outcomes import Seen
from ecrf.demo.scans import EVERY_DAYS, Scan
from ecrf.demo.treatment import Treatment
from ecrf.demo.tumor_forms import Reader
from ecrf.demo.visit_forms import Facts, sample
from patients.actions.visits import add_unscheduled_visit
from patients.models import Visit, VisitStatus

CODE = "IMG"
MARKERS = "TUMOR_MARKERS"
WHY_MISSED = "Could not travel: restrictions during the epidemic"
WHY_UNSCHEDULED = "Scan for new complaints"
ELSEWHERE = "No further scans: another therapy was begun"
NORMAL_MARKER = "21.4"


class Imaging:
    """The scans of a life, entered as they come due."""

    def __init__(self, desk: Desk, treatment: Treatment, numbers: dict[str, int]) -> None:
        self.desk = desk
        self.course = treatment.course
        self.scans = list(treatment.course.scans)
        self.reader = Reader(desk, treatment.course.scans, numbers)
        self.draw = desk.plan.draws("imaging")
        self.laboratory = Laboratory(desk.plan)

    def next_day(self) -> date | None:
        """The day of the next scan that is still to be entered; of a missed one the day it was due."""
        return self._day(self.scans[0]) if self.scans else None

    def until(self, day: date) -> Iterator[datetime]:
        """Enter every scan that took place, or should have, before a day."""
        while (on := self.next_day()) is not None and on < day:
            yield self.desk.after_visit(on)
            self._enter(self.scans.pop(0))

    def leave_out(self, day: date) -> None:
        """Scheduled scans before a day that nobody made, because another therapy had begun."""
        planned = Visit.objects.filter(
            subject=self.desk.subject,
            definition__code=CODE,
            status=VisitStatus.PLANNED,
            window_to__lt=day,
        )
        # A missed one brings the next ones onto the calendar.
        while (visit := planned.order_by("planned_on").first()) is not None:
            self.desk.miss(visit.code, ELSEWHERE)

    def _day(self, scan: Scan) -> date:
        if scan.on is not None:
            return scan.on
        return self.desk.plan.after(EVERY_DAYS * (scan.number or 0))

    def _enter(self, scan: Scan) -> None:
        desk = self.desk
        if scan.seen is Seen.MISSED:
            desk.miss(f"{CODE}{scan.number}", WHY_MISSED)
            return
        if scan.number is None:
            with desk.act():
                visit = add_unscheduled_visit(
                    actor=desk.entering(), subject=desk.subject, occurred_on=scan.day, why=WHY_UNSCHEDULED
                )
        else:
            visit = desk.open(f"{CODE}{scan.number}", scan.day)
        influence = tumor_marker(self.reader.share(scan)) | {"ALB": 0.97}
        told = {"CA19_9AG": NORMAL_MARKER} if self.reader.share(scan) == 0 else {}
        results = self.laboratory.results(influence, self.draw, told)
        sample(desk, visit, MARKERS, Facts(scan.day, None, results=results))
        self.reader.read(visit, scan)
