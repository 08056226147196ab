"""Visits for imaging, on the calendar from randomization; a tumor marker is taken with them."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from ecrf.demo.calendar import nearest_working_day
from ecrf.demo.desk import Desk
from ecrf.demo.laboratory import Laboratory, under_lenvatinib
from ecrf.demo.plans import CYCLE_DAYS
from ecrf.demo.treatment import Treatment
from ecrf.demo.visit_forms import Facts, fill_scheduled
from patients.models import Visit, VisitStatus

CODE = "IMG"
MISSED_SHARE = 0.04
WHY_MISSED = "Could not travel: restrictions during the epidemic"


class Imaging:
    """The imaging visits of a life, taken up as they come due."""

    def __init__(self, desk: Desk, treatment: Treatment) -> None:
        self.desk = desk
        self.draw = desk.plan.draws("imaging")
        self.laboratory = Laboratory(desk.plan)
        self.days: dict[int, date] = {}

    def until(self, day: date) -> Iterator[datetime]:
        """Enter every imaging visit that took place before a day."""
        while (due := self._next_before(day)) is not None:
            visit, on = due
            yield self.desk.after_visit(on)
            self._enter(visit.code, on)

    def _next_before(self, day: date) -> tuple[Visit, date] | None:
        planned = Visit.objects.filter(
            subject=self.desk.subject, definition__code=CODE, status=VisitStatus.PLANNED
        ).order_by("planned_on")
        for visit in planned:
            on = self._day_of(visit)
            return (visit, on) if on < day else None
        return None

    def _day_of(self, visit: Visit) -> date:
        if visit.pk not in self.days and visit.planned_on is not None:
            self.days[visit.pk] = nearest_working_day(
                visit.planned_on + timedelta(days=self.draw.randint(-4, 4))
            )
        return self.days[visit.pk]

    def _enter(self, code: str, on: date) -> None:
        desk = self.desk
        if self.draw.random() < MISSED_SHARE:
            desk.miss(code, WHY_MISSED)
            return
        visit = desk.open(code, on)
        cycle = (on - desk.plan.start).days // CYCLE_DAYS
        results = self.laboratory.results(under_lenvatinib(desk.plan, cycle), self.draw)
        fill_scheduled(desk, visit, CODE, Facts(on, results=results))
