"""What a report is asked for, as text: a clinical day, an instant of recording, rules of censoring."""

from datetime import date, datetime

from trials.audit import clock
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
        return clock.instant(text)
    except ValueError as error:
        raise NotAsked("as_of", str(error)) from None


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
