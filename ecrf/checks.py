"""System checks: settings that would break a promise to the user are refused at the start."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "secure_delete": 1,
}
"""Pragma and the value that must be read back; synchronous 2 is FULL."""


@register(Tags.database)
def sqlite_is_durable(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """SQLite must really run with the pragmas of our settings; asked of the open connection."""
    return [error for alias in databases or () for error in wrong_pragmas(alias)]


def wrong_pragmas(alias: str) -> list[CheckMessage]:
    """One error for each pragma of an SQLite connection that does not hold the value it must."""
    connection = connections[alias]
    if connection.vendor != "sqlite":
        return []
    errors: list[CheckMessage] = []
    with connection.cursor() as cursor:
        for pragma, wanted in SQLITE_PRAGMAS.items():
            found = cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
            if found != wanted:
                errors.append(
                    Error(
                        f"SQLite runs with {pragma}={found}; it must be {wanted}.", id="ecrf.E004", obj=alias
                    )
                )
    return errors


@register()
def no_transaction_around_a_request(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """ATOMIC_REQUESTS would swallow the audit event of a refused action."""
    return [
        Error(
            "ATOMIC_REQUESTS must be off: an action owns its transaction, and a refusal leaves its event.",
            id="ecrf.E001",
            obj=alias,
        )
        for alias, database in settings.DATABASES.items()
        if database.get("ATOMIC_REQUESTS")
    ]


@register()
def history_is_written(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Without history there is no audit trail."""
    if getattr(settings, "SIMPLE_HISTORY_ENABLED", True):
        return []
    return [Error("SIMPLE_HISTORY_ENABLED must not be switched off.", id="ecrf.E002")]


@register(Tags.admin)
def no_list_is_editable(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """`list_editable` saves rows around the form, its reason for change and its action."""
    return [
        Error(
            "list_editable is forbidden: it saves around the action.", id="ecrf.E003", obj=type(model_admin)
        )
        for model_admin in admin.site._registry.values()
        if model_admin.list_editable
    ]
