"""What a database holds, as a copy must repeat it: rows by table, heads of the chains, migrations."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import load_backend

from trials.models import Chain

State = dict[str, Any]


@contextmanager
def on_database(configured: Mapping[str, Any]) -> Iterator[BaseDatabaseWrapper]:
    """Let everything inside work on another database than the installation's own."""
    whole = connections.configure_settings({DEFAULT_DB_ALIAS: dict(configured)})[DEFAULT_DB_ALIAS]
    own, other = (
        connections[DEFAULT_DB_ALIAS],
        load_backend(whole["ENGINE"]).DatabaseWrapper(whole, DEFAULT_DB_ALIAS),
    )
    connections[DEFAULT_DB_ALIAS] = other
    try:
        yield other
    finally:
        other.close()
        connections[DEFAULT_DB_ALIAS] = own


def state_of_database() -> State:
    """`rows`: table to count; `chains`: key to number and hash of the last event; `migrations`: applied."""
    return {"rows": rows_by_table(), "chains": heads(), "migrations": applied_migrations()}


def rows_by_table() -> dict[str, int]:
    models = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    managed = {
        table: model for table, model in models.items() if model._meta.managed and not model._meta.proxy
    }
    return {table: model._base_manager.count() for table, model in sorted(managed.items())}


def heads() -> dict[str, list[Any]]:
    found = Chain.objects.order_by("key").values_list("key", "last_number", "last_hash")
    return {key: [number, last] for key, number, last in found}


def applied_migrations() -> list[str]:
    """Names of the migrations that the database has seen, as `app.name`."""
    applied = MigrationRecorder(connections[DEFAULT_DB_ALIAS]).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def known_migrations() -> list[str]:
    """Names of the migrations of this code, as `app.name`; those that were squashed away are left out."""
    return sorted(f"{app}.{name}" for app, name in MigrationLoader(None).graph.nodes)


def differences(stored: State, found: State) -> list[str]:
    """In words, where a database is not what a manifest says; empty when it is."""
    told = []
    for kind, word in (("rows", "rows in"), ("chains", "the head of chain")):
        for name in sorted({*stored[kind], *found[kind]}):
            before, after = stored[kind].get(name), found[kind].get(name)
            if before != after:
                told.append(f"{word} {name}: {before} in the backup, {after} in the database")
    if stored["migrations"] != found["migrations"]:
        told.append("the migrations applied are not those of the backup")
    return told
