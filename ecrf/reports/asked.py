"""What a report is asked for, as text: a clinical day, an instant of recording, rules of censoring."""

from datetime import UTC, date, datetime

from django.utils.dateparse import parse_datetime

from trials.clinical.endpoints.rules import Censoring
from trials.clinical.partial_date import PartialDateError, parse


class NotAsked(ValueError):
    """A report cannot be asked so; `field` and `reason` say why."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field} {reason}")


def day(text: str | None) -> date | None:
    """A whole calendar day. Raises NotAsked.

    >>> day("2022-06-30")
    datetime.date(2022, 6, 30)
    """
    if text is None:
        return None
    try:
        read = parse(text)
    except PartialDateError as error:
        raise NotAsked("cutoff", f"must be a day of the form YYYY-MM-DD ({error})") from None
    if not read.is_complete:
        raise NotAsked("cutoff", "must be a whole day of the form YYYY-MM-DD")
    return read.earliest


def instant(text: str | None) -> datetime | None:
    """An instant with its time zone, in UTC. Raises NotAsked.

    >>> instant("2022-06-30T08:00:00+08:00")
    datetime.datetime(2022, 6, 30, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if text is None:
        return None
    try:
        # A + that was not escaped in an address arrives as a blank.
        moment = parse_datetime(text.replace(" ", "+") if text.count(":") > 1 else text)
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or none in UTC: the year 0 or 10000
        pass
    raise NotAsked("as_of", "must be an instant with its time zone, for example 2021-03-14T09:30:00Z")


def rules_of(text: str | None) -> Censoring | None:
    """Rules of censoring by name. Raises NotAsked.

    >>> rules_of("EMA").value
    'EMA'
    """
    if text is None:
        return None
    if text not in list(Censoring):
        raise NotAsked("censoring", f"must be one of {', '.join(Censoring)}")
    return Censoring(text)
