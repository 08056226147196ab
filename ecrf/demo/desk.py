"""The desk at which one casebook is filled: sittings in working hours, acts one after another.

Time moves only forward. Whatever is entered goes through the ordinary actions, as the person who does it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from ecrf.demo.calendar import ZONE, moment_of_entry, next_working_day, working_moment
from ecrf.demo.cast import Cast
from ecrf.demo.defects import Planted
from ecrf.demo.plans import Plan
from ecrf.demo.slips import Entered, Happened, draw_slip
from patients.actions.queries import reviews_held, run_checks
from patients.actions.save_form import change_form, create_form, mark_entered_in_error
from patients.actions.visits import miss_visit, open_visit
from patients.models import CaseReportForm, Subject, Visit, VisitStatus
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
    happened: Happened
    not_before: date


class Desk:
    """The casebook of one life and the people who enter it."""

    def __init__(self, cast: Cast, plan: Plan) -> None:
        self.cast, self.plan = cast, plan
        self.draw = plan.draws("desk")
        self.slip_draw = plan.draws("slips")
        self.moment = datetime.combine(plan.screened_on, time.min, ZONE)
        self.subject: Subject
        self.waiting: list[PutRight] = []
        self.done: set[str] = set()
        self.planted = Planted(plan.number)

    # ---------------------------------------------------------------- time
    def after_visit(self, visited: date) -> datetime:
        """The moment of a sitting some time after a visit."""
        return self.at(moment_of_entry(visited, self.draw))

    def on(self, day: date) -> datetime:
        """The moment of a sitting on a day itself."""
        return self.at(working_moment(day, self.draw))

    def at(self, moment: datetime) -> datetime:
        """The moment itself, or the next one that comes after everything entered so far."""
        if moment <= self.moment:
            moment = self.moment + timedelta(
                minutes=self.draw.randint(4, 20), milliseconds=self.draw.randrange(1000)
            )
            if moment.hour >= LATEST_HOUR:
                moment = working_moment(next_working_day(moment.date() + timedelta(days=1)), self.draw)
        self.moment = moment
        return moment

    @property
    def today(self) -> date:
        return self.moment.date()

    @contextmanager
    def act(self, *, checked: bool = False) -> Iterator[None]:
        """One act at the present moment; afterwards some minutes have passed.

        Whole casebooks are checked in the end; of single acts those where somebody would be asked at once.
        """
        with clock.simulated(self.moment), nullcontext() if checked else reviews_held():
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

    # ---------------------------------------------------------------- visits
    def planned(self, code: str) -> Visit:
        """The subject's visit of this code, as it is now."""
        visits = Visit.objects.select_related("subject__site", "definition", "cycle")
        return visits.get(subject=self.subject, code=code)

    def is_planned(self, code: str) -> bool:
        return Visit.objects.filter(subject=self.subject, code=code).exists()

    def is_due(self, code: str) -> bool:
        """Whether the visit is planned and neither took place nor was missed."""
        return Visit.objects.filter(subject=self.subject, code=code, status=VisitStatus.PLANNED).exists()

    def was_done(self, what: str) -> bool:
        """Whether this was asked before; from now on it was."""
        before = what in self.done
        self.done.add(what)
        return before

    def open(self, code: str, on: date) -> Visit:
        visit = self.planned(code)
        with self.act():
            return open_visit(actor=self.entering(), visit=visit, occurred_on=on, version=visit.version)

    def miss(self, code: str, why: str) -> None:
        visit = self.planned(code)
        with self.act():
            miss_visit(actor=self.entering(), visit=visit, why=why, version=visit.version)

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
        not_done: str = "",
    ) -> Any:
        """First entry of a form, now and then with a slip that will be found later."""
        entered = Entered(
            dict(data), {name: [dict(row) for row in lines] for name, lines in (rows or {}).items()}
        )
        spoiled = self.planted.take(form, entered, visit)
        happened = draw_slip(form, entered, self.slip_draw) if slips and spoiled is None else None
        written = spoiled or (happened.written(self.slip_draw) if happened else entered)
        with self.act(checked=happened is not None):
            record = create_form(
                actor=actor or self.entering(),
                form=form,
                subject=self.subject,
                data=written.data,
                rows=written.rows,
                visit=visit,
                not_done_reason=not_done,
            )
        if happened:
            found = self.today + timedelta(days=self.slip_draw.randint(*happened.slip.found_after))
            self.waiting.append(PutRight(record, happened, found))
        return record

    def change(
        self,
        record: Any,
        reason: str,
        data: Answers,
        rows: Lines | None = None,
        *,
        actor: User | None = None,
        checked: bool = False,
    ) -> Any:
        """A correction, with its reason."""
        with self.act(checked=checked):
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

    def put_right(self, *, everything: bool = False) -> None:
        """Correct the slips that were found by today; before the casebook is closed all of them."""
        found = [each for each in self.waiting if everything or each.not_before <= self.today]
        self.waiting = [each for each in self.waiting if each not in found]
        for each in found:
            slip = each.happened.slip
            record = type(each.record)._default_manager.get(pk=each.record.pk)
            data, rows = each.happened.truth()
            actor = self.deciding() if slip.by_investigator else self.entering()
            self.change(record, slip.reason, data, rows, actor=actor, checked=True)

    def check(self) -> None:
        """Run every check on the casebook as it stands."""
        if self.planted.left:
            raise LookupError(f"life {self.plan.number}: no form for {self.planted.left[0].words}")
        with self.act(checked=True):
            run_checks(actor=User.objects.system_user(), subjects=[self.subject])
