"""What a check asked."""

from typing import Any

from patients.forms import definitions
from patients.models import Query, QueryState

MAN = {"birth": "1961-05", "age": 59, "sex": "M"}


def asked(record: Any, check: str) -> int:
    return Query.objects.filter(
        form=record.form.oid, record_id=record.pk, check_id=check, state=QueryState.OPEN
    ).count()


def fields_asked(record: Any, check: str) -> set[str]:
    """The questions of a record about which a check has an open query."""
    return set(
        Query.objects.filter(
            form=record.form.oid, record_id=record.pk, check_id=check, state=QueryState.OPEN
        ).values_list("field", flat=True)
    )


def sections_of(record: Any) -> list[Any]:
    form = next(form for form in definitions() if form.oid == record.form.oid)
    return [form, *form.rows.values()]
