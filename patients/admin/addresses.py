"""Where the pages of captured data are."""

from functools import cache
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from patients.facts import Source
from patients.forms import form_models
from patients.models import Query, Subject


def page_url(model: Any, page: str, *arguments: Any) -> str:
    """The address of an admin page of a model (or of a record's model)."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def hub_url(subject: Subject) -> str:
    """The casebook of the subject."""
    return page_url(subject, "change", subject.pk)


def form_url(record: Any, page: str = "change") -> str:
    """A page of one filled form."""
    return page_url(record, page, record.pk)


def add_url(model: Any, subject: Subject, visit_id: int | None = None, **more: str) -> str:
    """The page on which a form of this kind is entered for the subject (at the visit)."""
    query: dict[str, Any] = {"subject": subject.pk, **({"visit": visit_id} if visit_id else {}), **more}
    return f"{page_url(model, 'add')}?{urlencode(query)}"


def page_of(oid: str, key: Any) -> str:
    """The page of a filled form by OID and key; empty for what is no form (a visit, an allocation)."""
    model = _models().get(oid)
    return page_url(model, "change", key) if model is not None else ""


def source_url(source: Source) -> str:
    """The page of the form on which a value stands; empty for what stands on no form."""
    return page_of(source.form, source.record_id)


def form_of(query: Query) -> str:
    """The page of the form that a query is about; a visit stands on the page of its casebook."""
    return page_of(query.form, query.record_id) or hub_url(query.subject)


def query_url(query: Query) -> str:
    """The place of an open query on the page of its form."""
    return f"{form_of(query)}#query-{query.pk}"


@cache
def _models() -> dict[str, Any]:
    return {model.form.oid: model for model in form_models()}
