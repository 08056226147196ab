"""The one clock of the record: server time, UTC, whole milliseconds."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.dateparse import parse_datetime

logger = logging.getLogger("trials.audit")

MILLISECOND = timedelta(milliseconds=1)

_simulated: ContextVar[datetime | None] = ContextVar("simulated_now", default=None)


def now() -> datetime:
    """Server time in UTC, cut to whole milliseconds.

    Milliseconds, because Django's JSON encoder cuts there: a finer time would not survive a fixture
    and would break the chain of hashes.
    """
    moment = _simulated.get() or timezone.now()
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def after(last: datetime | None) -> datetime:
    """The time of an event whose chain ends with one at `last`: now, or `last` where the clock is behind it.

    A clock that was set back is told in the log. The order of events is that of their numbers, never of time.
    """
    moment = now()
    if last is None or last <= moment:
        return moment
    logger.warning("the clock is %d ms behind the last event of a chain", (last - moment) // MILLISECOND)
    return last


def today(zone: str) -> date:
    """The calendar day at a site, in its own time zone."""
    return now().astimezone(ZoneInfo(zone)).date()


def instant(text: str) -> datetime:
    """An instant with its time zone, in UTC, from text. Raises ValueError.

    >>> instant("2022-06-30T08:00:00+08:00")
    datetime.datetime(2022, 6, 30, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        # A + that was not escaped in an address arrives as a blank.
        moment = parse_datetime(text.replace(" ", "+") if text.count(":") > 1 else text)
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or none in UTC: the year 0 or 10000
        pass
    raise ValueError("must be an instant with its time zone, for example 2021-03-14T09:30:00Z")


@contextmanager
def simulated(moment: datetime) -> Iterator[None]:
    """Replay another moment; only where synthetic data are built (settings.DEMO)."""
    if not getattr(settings, "DEMO", False):
        raise ImproperlyConfigured("the simulated clock exists only under demo and test settings")
    token = _simulated.set(moment)
    try:
        yield
    finally:
        _simulated.reset(token)
