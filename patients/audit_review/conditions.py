"""Filters that look at what an event wrote: conditions on its history rows, each found by the event's id."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast

from patients.audit_review.kinds import Kind, is_about_forms, kinds, kinds_named
from patients.forms import definitions
from patients.models import Visit


def any_of(conditions: Iterable[Q]) -> Q:
    """At least one of the conditions; nothing where there is none."""
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found


def written(kind: Kind, **condition: Any) -> Q:
    """The event wrote a row of this kind that meets a condition."""
    return Q(Exists(kind.history.objects.filter(event_id=OuterRef("pk"), **condition).order_by()))


def in_kind(form: str, condition: Mapping[str, Any], record: str = "") -> Q:
    """The event wrote a row of this form (of any, where it is empty), or a mark or query about it."""
    found = [
        written(kind, **condition, **_of_record(kind, record))
        for kind in (kinds_named()[form] if form else kinds())
        if set(condition) <= {column.name for column in kind.model._meta.concrete_fields}
    ]
    return any_of([*found, *(_about(form, record) if form and not condition else [])])


def rows_taken_out() -> Q:
    """Corrections that took a row out of a form; each looks only at the tables of its own form."""
    return any_of(
        Q(action=f"correct {form.oid}") & in_kind(form.oid, {"entered_in_error": True})
        for form in definitions()
    )


def in_row(form: str, row: str, record: str = "") -> Q:
    """The event wrote this row ("results 3") of a form."""
    name, _space, number = row.rpartition(" ")
    return any_of(
        written(kind, repeat=int(number), **_of_record(kind, record))
        for kind in kinds_named()[form]
        if kind.row_name == name
    )


def in_visit(code: str) -> Q:
    """The event wrote a form, a row or the day of a visit of this code."""
    visits = Visit.objects.filter(code=code).values("pk")
    parts = []
    for kind in kinds():
        if kind.form is not None and kind.form.form.at_visit:
            path = "parent_id__in" if kind.row_name else "visit_id__in"
            wanted = kind.form.objects.filter(visit_id__in=visits).order_by().values("pk")
            parts.append(_events(kind, **{path: wanted if kind.row_name else visits}))
        elif kind.model is Visit:
            parts.append(_events(kind, code=code))
    return Q(pk__in=parts[0].union(*parts[1:], all=True))


def changed_field(form: str, name: str, record: str = "") -> Q:
    """The event gave this field another value than the version before had."""
    return any_of(
        _changed(kind, name, record)
        for kind in (kinds_named()[form] if form else kinds())
        if name in kind.names
    )


def _events(kind: Kind, **condition: Any) -> Any:
    return kind.history.objects.filter(**condition).order_by().values("event_id")


def _of_record(kind: Kind, record: str) -> dict[str, int]:
    if not record:
        return {}
    return {"parent_id" if kind.row_name else "id": int(record)}


def _about(form: str, record: str) -> list[Q]:
    """Queries, signatures and other marks that name the form by its OID and its key."""
    which = {"record_id": int(record)} if record else {}
    return [written(kind, form=form, **which) for kind in kinds() if is_about_forms(kind)]


def _changed(kind: Kind, name: str, record: str) -> Q:
    history = kind.history.objects
    earlier = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
    earlier = earlier.order_by("-history_id").annotate(as_text=Cast(name, TextField()))
    rows = history.filter(event_id=OuterRef("pk"), **_of_record(kind, record)).order_by()
    # As text, so that a column of JSON can be compared too.
    rows = rows.annotate(now=Cast(name, TextField()), was=Subquery(earlier.values("as_text")[:1]))
    appeared_or_went = Q(now__isnull=True, was__isnull=False) | Q(now__isnull=False, was__isnull=True)
    return Q(Exists(rows.filter(appeared_or_went | Q(now__lt=F("was")) | Q(now__gt=F("was")))))
