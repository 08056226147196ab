"""Every table that an inspector may ask about has a history, on one base, and nothing switches it off."""

from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import override_settings

from trials.audit.history import HistoryRow
from trials.models import RegulatedModel

# Each line says why a table needs no history of its own.
WITHOUT_HISTORY = {
    "trials.Chain": "the head of a chain; its truth is the events",
    "trials.AuditEvent": "is the history; never changed",
    "trials.UserSession": "a login in force; events tell how it began and ended",
    "trials.AccessToken": "a token in force; events tell who got it and how it ended",
    "trials.SecondFactor": "a secret, which no history may hold; events tell when it was set and removed",
    "trials.RecoveryCode": "a secret, which no history may hold",
    "trials.IdempotencyKey": "a reply kept for a repeated request; no regulated data",
}


def ours() -> list[Any]:
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in ("trials", "patients") and not issubclass(model, HistoryRow)
    ]


HISTORIES = [model for model in apps.get_models() if issubclass(model, HistoryRow)]


@pytest.mark.requirement("R05")
@pytest.mark.parametrize("model", ours(), ids=lambda model: model._meta.label)
def test_every_model_has_history_on_the_base_or_a_reason_not_to(model: Any) -> None:
    if model._meta.label in WITHOUT_HISTORY:
        assert not hasattr(model, "history")
        return
    assert issubclass(model, RegulatedModel)
    assert issubclass(model.history.model, HistoryRow)
    assert model._base_manager.get_queryset().__class__.__name__ == "RegulatedQuerySet"


def test_the_exceptions_are_models_that_exist() -> None:
    assert set(WITHOUT_HISTORY) <= {model._meta.label for model in ours()}


@pytest.mark.parametrize("history", HISTORIES, ids=lambda model: model._meta.label)
def test_a_history_holds_every_column_but_the_generated_ones(history: Any) -> None:
    stored = {field.column for field in history._meta.concrete_fields}
    live = history.instance_type._meta.concrete_fields
    assert {field.column for field in live if not field.generated} <= stored
    assert not {field.column for field in live if field.generated} & stored
    assert not any(field.generated for field in history._meta.concrete_fields)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda model: model._meta.label)
def test_who_when_and_why_stand_on_the_event_alone(history: Any) -> None:
    columns = {field.column for field in history._meta.concrete_fields}
    assert not columns & {"history_user_id", "history_date", "history_change_reason"}
    assert not history._meta.get_field("event").null


@pytest.mark.parametrize("history", HISTORIES, ids=lambda model: model._meta.label)
def test_no_history_column_has_a_type_without_canonical_form(history: Any) -> None:
    kinds = {field.get_internal_type() for field in history._meta.concrete_fields}
    assert not kinds & {"FloatField", "BinaryField", "DurationField", "UUIDField"}
    for field in history._meta.concrete_fields:
        if field.get_internal_type() == "DecimalField":
            assert field.max_digits <= 15  # more would be rounded on SQLite


@pytest.mark.requirement("R16")
@pytest.mark.parametrize("command", ["clean_old_history", "clean_duplicate_history", "populate_history"])
def test_the_commands_that_rewrite_history_are_refused(command: str) -> None:
    with pytest.raises(CommandError, match="history"):
        call_command(command)


@override_settings(SIMPLE_HISTORY_ENABLED=False)
def test_a_system_check_refuses_to_start_with_history_switched_off() -> None:
    from ecrf.checks import history_is_written

    assert [error.id for error in history_is_written(None)] == ["ecrf.E002"]
