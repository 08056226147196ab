"""Edit checks: what they are and what they find. Raising and closing queries is the business of an action."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from patients.facts import Facts
from patients.models import CaseReportForm, Row, Severity

EVERY_FORM = ("*",)


@dataclass(frozen=True)
class Hit:
    """What a check found: the field, in words, and the row when it is about one."""

    field: str
    message: str
    row: Row | None = None


@dataclass(frozen=True)
class Check:
    """A check of forms: `find` yields a hit for each thing that is questionable, nothing otherwise.

    `forms` names the forms that it looks at, one at a time, by OID; `rests_on` the other forms that it reads
    for that: saving one of them runs the check again. `asks` says in plain words what is checked; `drafts` is
    the category of the protocol deviation that is drafted with a query, where there is to be one.
    """

    id: str
    forms: tuple[str, ...]
    severity: Severity
    find: Callable[[Any, Facts], Iterator[Hit]]
    rests_on: tuple[str, ...] = ()
    asks: str = ""
    drafts: str | None = None

    def looks_at(self, oid: str) -> bool:
        return self.forms == EVERY_FORM or oid in self.forms


def checks_of(checks: Iterable[Check], oid: str) -> list[Check]:
    """The checks that look at forms of this OID."""
    return [check for check in checks if check.looks_at(oid)]


def checks_resting_on(checks: Iterable[Check], oid: str) -> list[Check]:
    """The checks that read forms of this OID while they look at others."""
    return [check for check in checks if oid in check.rests_on or check.rests_on == EVERY_FORM]


def hits(checks: Iterable[Check], form: CaseReportForm, facts: Facts) -> Iterator[tuple[Check, Hit]]:
    """What the checks find in one form; a check yields no more than one hit for a row and field."""
    for check in checks:
        for hit in check.find(form, facts):
            yield check, hit
