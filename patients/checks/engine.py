"""Edit checks: run when a form is saved, raise a query once, close it when the data are mended."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from patients.forms import form_models
from patients.models import CaseReportForm, Query, QueryState, Row, Severity


@dataclass(frozen=True)
class Hit:
    """What a check found: the field, in words, and the row when it is about one."""

    field: str
    message: str
    row: Row | None = None


@dataclass(frozen=True)
class Check:
    """A check of one form: `find` yields a hit for each thing that is questionable, nothing otherwise.

    `rests_on` names the other forms it reads: saving one of them runs the check again.
    """

    id: str
    form: str
    severity: Severity
    find: Callable[[Any], Iterator[Hit]]
    rests_on: tuple[str, ...] = ()


def forms_checked_after(checks: Iterable[Check], form: CaseReportForm) -> list[type[CaseReportForm]]:
    """The kinds of form whose checks read this kind of form."""
    oids = {check.form for check in checks if form.form.oid in check.rests_on}
    return [model for model in form_models() if model.form.oid in oids]


def run_checks(checks: Iterable[Check], form: CaseReportForm) -> None:
    """Bring the form's automatic queries in line with its data, inside the act that saved it.

    A form entered in error, or one whose data were mended, has its queries closed. A query that is open
    already is not raised again.
    """
    found = queries_for(checks, form)
    for query in Query.objects.filter(form=form.form.oid, record_id=form.pk, state=QueryState.OPEN):
        still = found.pop((query.check_id, query.row_id, query.field), None)
        if still is None:
            query.state = QueryState.CLOSED
            query.save()
        elif still.message != query.message:
            query.message = still.message
            query.save()
    for query in found.values():
        query.save()


def queries_for(checks: Iterable[Check], form: CaseReportForm) -> dict[tuple[str, int | None, str], Query]:
    """What the checks ask about a form, unsaved, by check, row and field."""
    found: dict[tuple[str, int | None, str], Query] = {}
    for check in checks:
        if check.form != form.form.oid or form.entered_in_error:
            continue
        for hit in check.find(form):
            row_id = hit.row.pk if hit.row else None
            found[check.id, row_id, hit.field] = Query(
                subject=form.subject,
                form=form.form.oid,
                record_id=form.pk,
                row_id=row_id,
                field=hit.field,
                check_id=check.id,
                severity=check.severity,
                message=hit.message,
            )
    return found
