"""Edit checks: run when a form is saved, raise a query once, close it when the data are mended."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from patients.models import CaseReportForm, Query, QueryState, Row, Severity
from trials.audit.recording import Recording


@dataclass(frozen=True)
class Hit:
    """What a check found: the field, in words, and the row when it is about one."""

    field: str
    message: str
    row: Row | None = None


@dataclass(frozen=True)
class Check:
    """A check of one form: `find` yields a hit for each thing that is questionable, nothing otherwise."""

    id: str
    form: str
    severity: Severity
    find: Callable[[Any], Iterator[Hit]]


def run_checks(checks: Iterable[Check], form: CaseReportForm, record: Recording) -> None:
    """Bring the form's automatic queries in line with its data, inside the act that saved it.

    A form entered in error, or one whose data were mended, has its queries closed. A query that is open
    already is not raised again.
    """
    oid = form.form.oid
    hits: dict[tuple[str, int | None, str], tuple[Check, Hit]] = {}
    for check in checks:
        if check.form == oid and not form.entered_in_error:
            for hit in check.find(form):
                hits[(check.id, hit.row.pk if hit.row else None, hit.field)] = (check, hit)
    open_queries = Query.objects.filter(form=oid, record_id=form.pk, state=QueryState.OPEN)
    for query in open_queries:
        known = hits.pop((query.check_id, query.row_id, query.field), None)
        if known is None:
            query.state = QueryState.CLOSED
            query.save()
        elif known[1].message != query.message:
            query.message = known[1].message
            query.save()
    for (check_id, row_id, field), (check, hit) in hits.items():
        Query(
            subject_id=form.subject_id,
            form=oid,
            record_id=form.pk,
            row_id=row_id,
            field=field,
            check_id=check_id,
            severity=check.severity,
            message=hit.message,
        ).save()
