"""The file of the demonstration: gzip of Django's JSON lines, one object a line, in an order that loads.

    {"model": "patients.subject", "pk": 7, "fields": {...}}

All regulated tables, their history, the audit chains and events; no session, token or log. The same content
gives the same bytes (no time, no name in the gzip header).
"""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from trials.audit.history import HistoryRow
from trials.models import (
    AuditEvent,
    Chain,
    RandomizationList,
    RandomizationSeal,
    RandomizationSlot,
    RegulatedModel,
    User,
)

FIRST = (Chain, User, AuditEvent)
FLOORS = ("trials", "patients")

Progress = Callable[[int], Any]


def models_of_the_record() -> list[type[models.Model]]:
    """Every model that the file holds: what others point to first, history last."""
    regulated, history = [], []
    for model in (model for floor in FLOORS for model in apps.get_app_config(floor).get_models()):
        if issubclass(model, HistoryRow):
            history.append(model)
        elif issubclass(model, RegulatedModel) and model not in FIRST:
            regulated.append(model)
    return [*FIRST, *regulated, *history]


def stored_columns(model: type[models.Model]) -> list[models.Field]:
    """The columns that are written: generated ones are the database's own arithmetic."""
    return [column for column in model._meta.concrete_fields if not column.generated]


def write(path: Path, progress: Progress = lambda rows: None) -> int:
    """Write the connected database to `path`; the number of objects.

    Raises ImproperlyConfigured when the database holds what a public file must not: a seal, an unused slot
    or a password.
    """
    _refuse_secrets()
    total = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        for model in models_of_the_record():
            count = 0
            for line in lines_of(model):
                packed.write(f"{line}\n".encode())
                count += 1
            total += count
            progress(count)
    return total


def lines_of(model: type[models.Model]) -> Iterator[str]:
    """The rows of a model as they stand in the file, in the order of their keys."""
    names = [column.name for column in stored_columns(model)]
    rows = model._base_manager.order_by("pk").iterator(chunk_size=2000)
    yield from str(serializers.serialize("jsonl", rows, fields=names)).splitlines()


def _refuse_secrets() -> None:
    seals = RandomizationSeal._base_manager.all()
    if any(seal.seed or seal.block_sizes for seal in seals):
        raise ImproperlyConfigured("a fixture never holds the seed or block sizes of a randomization list")
    if RandomizationSlot._base_manager.filter(allocation__isnull=True).exists():
        raise ImproperlyConfigured("a fixture never holds an unused slot of a randomization list")
    if RandomizationList._base_manager.filter(is_demo=False).exists():
        raise ImproperlyConfigured("a fixture holds demonstration lists only")
    if any(user.has_usable_password() for user in User._base_manager.all()):
        raise ImproperlyConfigured("a fixture never holds a password")


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file, line by line. Raises ValueError naming the line that is no object."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                if set(entry) != {"model", "pk", "fields"}:
                    raise ValueError("model, pk and fields are expected")
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from error
            yield entry
