"""The steps to the endpoints of a subject as a page shows them: what several answers share stands once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patients.admin.addresses import hub_url, page_of
from patients.models import Subject

Step = Mapping[str, Any]
"""A step as the derivation gives it: its words, and the records it rests on."""

Told = tuple[str, str]
"""A value that the page has shown: the page of its form, the value in words."""


@dataclass(frozen=True)
class Group:
    """The values of one form that a step rests on, and the page of the form."""

    name: str
    page: str
    values: list[str]


@dataclass(frozen=True)
class Line:
    """A step of one answer: its words, or the numbers of shared steps that stand in its place."""

    words: str = ""
    groups: tuple[Group, ...] = ()
    first: int = 0
    last: int = 0


def shared_steps(answers: Sequence[Sequence[Step]]) -> list[Step]:
    """The steps that more than one answer takes, in the order in which they are first taken."""
    taken = Counter(key for steps in answers for key in {_key(step) for step in steps})
    first = {_key(step): step for steps in answers for step in steps if taken[_key(step)] > 1}
    return list(first.values())


def own_lines(steps: Sequence[Step], shared: Sequence[Step], subject: Subject, told: set[Told]) -> list[Line]:
    """The steps of one answer; a run of shared ones is named by their numbers and not told again."""
    numbers = {_key(step): number for number, step in enumerate(shared, 1)}
    lines: list[Line] = []
    for step in steps:
        number = numbers.get(_key(step))
        if number is None:
            lines.append(line(step, subject, told))
        elif lines and lines[-1].last == number - 1 and lines[-1].last:
            lines[-1] = Line(first=lines[-1].first, last=number)
        else:
            lines.append(Line(first=number, last=number))
    return lines


def line(step: Step, subject: Subject, told: set[Told]) -> Line:
    """A step with its values, those of one form together; what was told before is only led to."""
    groups: dict[tuple[str, str], list[str]] = {}
    for record in step["records"]:
        name, page, value = _name(record), _page(record, subject), _value(record)
        groups.setdefault((name, page), []).extend([value] if (page, value) not in told else [])
        told.add((page, value))
    return Line(step["words"], tuple(Group(*place, values) for place, values in groups.items()))


def _key(step: Step) -> tuple[Any, ...]:
    records = [(each["link"], each["row"], each["field"], each["value"]) for each in step["records"]]
    return step["words"], tuple(records)


def _name(record: Mapping[str, Any]) -> str:
    if not record["form"]:
        return record["visit"] or ""
    return " ".join(part for part in (record["form"], record["visit"], f"#{record['repeat']}") if part)


def _page(record: Mapping[str, Any], subject: Subject) -> str:
    """The page of the form; what stands on none (an allocation, a visit) is found in the casebook."""
    key = record["link"].rstrip("/").rpartition("/")[2]
    return page_of(record["form"] or "", key) or hub_url(subject)


def _value(record: Mapping[str, Any]) -> str:
    row = f"{record['row']} " if record["row"] else ""
    return f"{row}{record['question']}: {record['value']}"
