"""Where the pages of captured data are."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from patients.models import Subject


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
