"""History and events are appended to: the code offers no way to change or remove a row."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import coordinator_of, make_list, make_site, make_study, randomized_subject
from trials.audit.context import NotRecording
from trials.models import AuditEvent, Drug

WAYS: dict[str, Callable[[Any], Any]] = {
    "update": lambda rows: rows.update(),
    "delete": lambda rows: rows.all().delete(),
    "bulk_update": lambda rows: rows.bulk_update([rows.all()[0]], ["event"]),
    "save again": lambda rows: rows.all()[0].save(),
    "delete one": lambda rows: rows.all()[0].delete(),
}


@pytest.fixture
def subject(db: None) -> Any:
    site = make_site(make_study())
    make_list(site.study, "AB")
    return randomized_subject(coordinator_of(site), site)


@pytest.mark.requirement("R06")
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_history_row_is_neither_changed_nor_removed(way: Callable[[Any], Any], subject: Any) -> None:
    for rows in (type(subject).history, type(subject).history.model.objects, subject.history):
        before = list(type(subject).history.order_by("history_id").values())
        with pytest.raises(NotRecording, match="only appended to"):
            way(rows)
        assert list(type(subject).history.order_by("history_id").values()) == before


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_event_is_neither_changed_nor_removed(way: Callable[[Any], Any], subject: Any) -> None:
    before = list(AuditEvent.objects.order_by("id").values())
    with pytest.raises(NotRecording, match="only appended to"):
        way(AuditEvent.objects)
    assert list(AuditEvent.objects.order_by("id").values()) == before


def test_a_live_row_is_not_deleted_through_its_query_set(subject: Any) -> None:
    with pytest.raises(NotRecording):
        Drug.objects.all().delete()
