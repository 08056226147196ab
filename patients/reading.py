"""Rows of the database as objects, now or as they stood at an instant of recording."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Model

from patients.fields import ExactDateField, PartialDateField, ProtocolReferenceField, RecordReferenceField
from patients.models import CaseReportForm
from trials.clinical import partial_date

Span = tuple[date, date]
PLAIN_RELATIONS = ("definition", "cycle", "arm")  # of visits and allocations


def read(
    model: Any, as_of: datetime | None, parents: Mapping[int, Any] | None = None, **condition: Any
) -> list[Any]:
    """The rows of a model that meet a condition, in order of their key; one query.

    `parents`, for the rows of forms: history knows a row's form by key only, so its rows are chosen by
    these keys instead.
    """
    if as_of is None:
        return list(model._default_manager.filter(**condition).order_by("pk"))
    if parents is not None:
        condition = {"parent_id__in": list(parents)}
    history = model.history.model.objects.filter(event__recorded_at__lte=as_of, **condition)
    newest: dict[int, Any] = {}
    for row in history.order_by("history_id"):
        newest[row.id] = row  # a later version takes the place of an earlier one
    return [_instance(model, newest[key]) for key in sorted(newest)]


def _instance(model: Any, row: Any) -> Any:
    instance = model(**{field.attname: getattr(row, field.attname) for field in row.tracked_fields})
    instance._state.adding = False
    for field in model._meta.concrete_fields:
        if isinstance(field, PartialDateField):
            # Left alone, the generated columns would be fetched from today's row.
            value = getattr(instance, field.name)
            span = partial_date.span(value) if value else (None, None)
            instance.__dict__[f"{field.name}_earliest"], instance.__dict__[f"{field.name}_latest"] = span
    return instance


def clinical_span(form: CaseReportForm) -> Span | None:
    """First and last day on which what a form tells may have taken place; None where no day is recorded."""
    name = form.form.dated_by
    value: Any = getattr(form, name) if name else None
    if not value and form.visit is not None:
        value = form.visit.occurred_on
    if not value:
        return None
    return partial_date.span(value) if isinstance(value, str) else (value, value)


def forget_after(found: Sequence[Any], cutoff: date) -> list[Any]:
    """Leave out what certainly took place after a day; of what remains, forget the dates that lie after it.

    An event that may lie on either side stays, with its date as it was recorded.
    """
    kept = []
    for each in found:
        span = clinical_span(each) if isinstance(each, CaseReportForm) else None
        if span is not None and span[0] > cutoff:
            continue
        for field in each._meta.concrete_fields:
            value = getattr(each, field.attname, None) if _is_date(field) else None
            if value and _earliest(value) > cutoff:
                setattr(each, field.attname, None)
        kept.append(each)
    return kept


def _is_date(field: Any) -> bool:
    return isinstance(field, ExactDateField | PartialDateField)


def _earliest(value: Any) -> date:
    return partial_date.span(value)[0] if isinstance(value, str) else value


def attach(found: Sequence[Any], model: Any, records: Callable[[type[Model]], Mapping[int, Any]]) -> None:
    """Give each object what it refers to, read once: protocol items of the database, records of the facts.

    A record that is entered in error or lies after the cutoff is not there: the reference reads None.
    """
    for field in model._meta.concrete_fields:
        keys = {getattr(each, field.attname) for each in found} - {None} if field.is_relation else set()
        if not keys or field.name in ("subject", "parent"):
            continue
        if isinstance(field, RecordReferenceField):
            known: Mapping[int, Any] = records(field.related_model)
        elif isinstance(field, ProtocolReferenceField) or field.name in PLAIN_RELATIONS:
            known = field.related_model._default_manager.in_bulk(keys)
        else:
            continue
        for each in found:
            key = getattr(each, field.attname)
            field.set_cached_value(each, known.get(key) if key is not None else None)
