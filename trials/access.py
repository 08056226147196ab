"""Who has, or had on any day, which role where: the list that a review of access rights starts from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max, QuerySet

from trials.actions.access_events import last_logins
from trials.audit import clock
from trials.csv_cells import cell
from trials.models import Assignment, Role, SecondFactor, Site, Study, User
from trials.roles import Verb, runs_installation, scope

EVERYWHERE = "*"
"""Every site of a study, or every study of the installation."""

COLUMNS = (
    "username",
    "full_name",
    "role",
    "study",
    "site",
    "valid_from",
    "valid_to",
    "trained_on",
    "account",
    "account_valid_until",
    "second_factor_now",
    "last_login",
)


@dataclass(frozen=True)
class Holder:
    """One role of one person on the day asked about; `account` is its state at the end of that day."""

    username: str
    full_name: str
    role: str
    study: str
    site: str
    valid_from: date | None
    valid_to: date | None
    trained_on: date | None
    account: str
    account_valid_until: date | None
    second_factor_now: bool
    last_login: datetime | None


def today() -> date:
    """The day of the installation."""
    return clock.today(settings.TIME_ZONE)


def managed_studies(user: User) -> QuerySet[Study]:
    """The studies in which the user may assign roles."""
    if runs_installation(user, Verb.MANAGE_ACCOUNTS):
        return Study.objects.all()
    return Study.objects.filter(pk__in=scope(user, Verb.MANAGE_ACCOUNTS).studies)


def holders_on(day: date, studies: Iterable[Study], *, as_of: datetime | None = None) -> list[Holder]:
    """Every role in force on a day in these studies, as the database knew it at an instant (now, if None).

    Read from history, never from the live rows: a role that was ended or corrected later stands here as it
    was. Administrators of the installation come last, for every study.
    """
    known_at = min(as_of or clock.now(), clock.now())
    by_study = {study.pk: study for study in studies}
    people = {row.id: row for row in newest(User, min(known_at, end_of(day)))}
    told = _Accounts(day, people)
    sites = {site.pk: site.code for site in Site.objects.filter(study__in=by_study)}
    held = [
        told.holder(row.user_id, row, by_study[row.study_id].code, sites.get(row.site_id, EVERYWHERE))
        for row in newest(Assignment, known_at)
        if row.study_id in by_study and _covers(row, day)
    ]
    held += [told.holder(row.id) for row in people.values() if row.is_superuser]
    return sorted(held, key=_place)


def _covers(assignment: Any, day: date) -> bool:
    return assignment.valid_from <= day and (assignment.valid_to is None or assignment.valid_to >= day)


def _place(holder: Holder) -> tuple[bool, str, str, str, str]:
    return (holder.study == EVERYWHERE, holder.study, holder.site, holder.role, holder.username)


def newest(model: Any, instant: datetime) -> list[Any]:
    """The history row of each record that was the newest at an instant of recording."""
    history = model.history.model.objects
    recorded = history.filter(event__recorded_at__lte=instant).order_by().values("id")
    latest = recorded.annotate(latest=Max("history_id")).values("latest")
    return list(history.filter(history_id__in=latest).order_by("id"))


def end_of(day: date) -> datetime:
    """The last instant of a day in the time zone of the installation."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(milliseconds=1)


def cells(holder: Holder) -> list[str]:
    """The holder as cells of a table, in the order of COLUMNS; nothing that a spreadsheet calculates."""
    return [_cell(getattr(holder, column)) for column in COLUMNS]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    return cell(str(value))


class _Accounts:
    """What is told of each account beside its role, read once for all of them."""

    def __init__(self, day: date, people: Mapping[int, Any]) -> None:
        self.day, self.people = day, people
        self.live = User.objects.in_bulk()
        self.logins = last_logins()
        self.secured = set(
            SecondFactor.objects.filter(confirmed_at__isnull=False).values_list("user_id", flat=True)
        )

    def holder(
        self, user: int, assignment: Any = None, study: str = EVERYWHERE, site: str = EVERYWHERE
    ) -> Holder:
        """The holder of an assignment; without one, an administrator of the installation."""
        live, then = self.live[user], self.people.get(user)
        return Holder(
            username=live.username,
            full_name=live.full_name,
            role=assignment.role if assignment else Role.ADMINISTRATOR,
            study=study,
            site=site,
            valid_from=assignment.valid_from if assignment else None,
            valid_to=assignment.valid_to if assignment else None,
            trained_on=assignment.trained_on if assignment else None,
            account=self.state(then),
            account_valid_until=then.valid_until if then else None,
            second_factor_now=user in self.secured,
            last_login=self.logins.get(user),
        )

    def state(self, then: Any) -> str:
        if then is None:
            return "not made yet"
        if not then.is_active:
            return "closed"
        return "expired" if then.valid_until is not None and then.valid_until < self.day else "open"
