"""Edit checks: what they are and what they find. Raising and closing queries is the business of an action."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from patients.facts import Facts
from patients.models import CaseReportForm, Row, Severity, Visit

EVERY_FORM = ("*",)
VISIT = Visit.form.oid
"""What a check of visits looks at; every form does not mean them."""


@dataclass(frozen=True)
class Hit:
    """What a check found: the field, in words, and the row when it is about one."""

    field: str
    message: str
    row: Row | None = None


@dataclass(frozen=True)
class Check:
    """A check of forms: `find` yields a hit for each thing that is questionable, nothing otherwise.

    `forms` names the forms that it looks at, one at a time, by OID (SV: visits); `rests_on` the other forms
    that it reads for that: saving one of them runs the check again. `asks` says in plain words what is
    checked; `drafts` is the category of the protocol deviation that is drafted with a query, if one is.
    `by_command`: what time alone brings about (overdue, still missing) is asked when all checks are run; a
    save may only answer it. Its messages name days, not distances, so that they stay the same.
    `unless` tells of a form of `rests_on` that it cannot matter to the check, which is costly.
    """

    id: str
    forms: tuple[str, ...]
    severity: Severity
    find: Callable[[Any, Facts], Iterator[Hit]]
    rests_on: tuple[str, ...] = ()
    asks: str = ""
    drafts: str | None = None
    by_command: bool = False
    unless: Callable[[Any, Facts], bool] | None = None

    def looks_at(self, oid: str) -> bool:
        return oid in self.forms or (self.forms == EVERY_FORM and oid != VISIT)


def checks_of(checks: Iterable[Check], oid: str) -> list[Check]:
    """The checks that look at forms of this OID."""
    return [check for check in checks if check.looks_at(oid)]


def checks_resting_on(
    checks: Iterable[Check], forms: Sequence[CaseReportForm | Visit], facts: Facts
) -> list[Check]:
    """The checks that read forms of this kind while they look at others."""
    oid = forms[0].form.oid
    resting = [check for check in checks if oid in check.rests_on or check.rests_on == EVERY_FORM]
    return [
        check
        for check in resting
        if check.unless is None or not all(check.unless(form, facts) for form in forms)
    ]


def at_once(checks: Iterable[Check]) -> list[Check]:
    """The checks that ask as soon as something is saved."""
    return [check for check in checks if not check.by_command]


def hits(checks: Iterable[Check], form: CaseReportForm | Visit, facts: Facts) -> Iterator[tuple[Check, Hit]]:
    """What the checks find in one form or visit; a check yields no more than one hit for a row and field."""
    for check in checks:
        for hit in check.find(form, facts):
            yield check, hit
