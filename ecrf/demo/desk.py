"""The desk at which one casebook is filled: sittings in working hours, acts one after another.

Time moves only forward. Whatever is entered here goes through the ordinary actions, as the person who does it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ecrf.demo.calendar import day_of_entry, next_working_day, working_moment
from ecrf.demo.cast import Cast
from ecrf.demo.plans import Plan
from ecrf.demo.slips import Entered, Slip, draw_slip
from patients.actions.save_form import change_form, create_form, mark_entered_in_error
from patients.models import CaseReportForm, Subject, Visit
from trials.audit import clock
from trials.models import User

Answers = Mapping[str, Any]
Lines = Mapping[str, Sequence[Mapping[str, Any]]]

SECONDS_BETWEEN_ACTS = (35, 240)
LATEST_HOUR = 18


@dataclass
class PutRight:
    """A slip that waits for its correction: where, what is true, and since when it may be found."""

    record: CaseReportForm
    slip: Slip
    entered: Entered
    not_before: date


class Desk:
    """The casebook of one life and the people who enter it."""

    def __init__(self, cast: Cast, plan: Plan) -> None:
        self.cast, self.plan = cast, plan
        self.draw = plan.draws("desk")
        self.slip_draw = plan.draws("slips")
        self.moment: datetime | None = None
        self.subject: Subject
        self.waiting: list[PutRight] = []

    # ---------------------------------------------------------------- time
    def after_visit(self, visited: date) -> datetime:
        """The moment of a sitting some time after a visit."""
        return self.at(working_moment(day_of_entry(visited, self.draw), self.draw))

    def on(self, day: date) -> datetime:
        """The moment of a sitting on a day itself."""
        return self.at(working_moment(day, self.draw))

    def at(self, moment: datetime) -> datetime:
        """The moment itself, or the next one that comes after everything entered so far."""
        if self.moment is not None and moment <= self.moment:
            moment = self.moment + timedelta(
                minutes=self.draw.randint(4, 20), milliseconds=self.draw.randrange(1000)
            )
            if moment.hour >= LATEST_HOUR:
                moment = working_moment(next_working_day(moment.date() + timedelta(days=1)), self.draw)
        self.moment = moment
        return moment

    @property
    def today(self) -> date:
        assert self.moment is not None
        return self.moment.date()

    @contextmanager
    def act(self) -> Iterator[None]:
        """One act at the present moment; afterwards some minutes have passed."""
        assert self.moment is not None
        with clock.simulated(self.moment):
            yield
        passed = self.draw.randint(*SECONDS_BETWEEN_ACTS)
        self.moment += timedelta(seconds=passed, milliseconds=self.draw.randrange(1000))

    # ---------------------------------------------------------------- people
    def entering(self) -> User:
        """Who enters data at the site of this life."""
        return self.cast.coordinator_of(self.plan.site)

    def deciding(self) -> User:
        """Who decides about the subject: the investigator where the site has one."""
        return self.cast.investigator_of(self.plan.site)

    # ---------------------------------------------------------------- forms
    def enter(
        self,
        form: type[CaseReportForm],
        data: Answers,
        rows: Lines | None = None,
        visit: Visit | None = None,
        *,
        actor: User | None = None,
        slips: bool = True,
    ) -> Any:
        """First entry of a form, now and then with a slip that will be found later."""
        entered = Entered(
            dict(data), {name: [dict(row) for row in lines] for name, lines in (rows or {}).items()}
        )
        slip = draw_slip(form, entered, self.slip_draw) if slips else None
        written = slip.spoil(entered, self.slip_draw) if slip else entered
        with self.act():
            record = create_form(
                actor=actor or self.entering(),
                form=form,
                subject=self.subject,
                data=written.data,
                rows=written.rows,
                visit=visit,
            )
        if slip:
            found = self.today + timedelta(days=self.slip_draw.randint(*slip.found_after))
            self.waiting.append(PutRight(record, slip, entered, found))
        return record

    def change(
        self, record: Any, reason: str, data: Answers, rows: Lines | None = None, *, actor: User | None = None
    ) -> Any:
        """A correction, with its reason."""
        with self.act():
            return change_form(
                actor=actor or self.entering(),
                record=record,
                version=record.version,
                reason=reason,
                data=data,
                rows=rows,
            )

    def take_out(self, record: Any, reason: str) -> None:
        with self.act():
            mark_entered_in_error(actor=self.entering(), record=record, version=record.version, reason=reason)

    def put_right(self) -> None:
        """Correct the slips that were found by today."""
        found = [each for each in self.waiting if each.not_before <= self.today]
        self.waiting = [each for each in self.waiting if each.not_before > self.today]
        for each in found:
            if each.slip.never_found(self.slip_draw):
                continue
            record = type(each.record).objects.get(pk=each.record.pk)
            data, rows = each.slip.truth(each.entered)
            actor = self.deciding() if each.slip.by_investigator else self.entering()
            self.change(record, each.slip.reason, data, rows, actor=actor)
