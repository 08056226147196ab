"""History and events are appended to: no query set and no instance changes or removes a row."""

from typing import Any, NoReturn

from django.db import models

from trials.audit.context import NotRecording

REFUSAL = "history and events are only appended to: a row is never changed and never removed"


class AppendOnly:
    """The writing methods of a query set, refused."""

    def update(self, **values: Any) -> NoReturn:
        raise NotRecording(REFUSAL)

    def delete(self) -> NoReturn:
        raise NotRecording(REFUSAL)

    def bulk_update(self, *arguments: Any, **options: Any) -> NoReturn:
        raise NotRecording(REFUSAL)


class AppendOnlyQuerySet(AppendOnly, models.QuerySet):
    """Rows of an append-only table."""


AppendOnlyManager = models.Manager.from_queryset(AppendOnlyQuerySet)


class AppendOnlyModel(models.Model):
    """A table whose rows are inserted once."""

    objects = AppendOnlyManager()

    class Meta:
        abstract = True

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise NotRecording(REFUSAL)
        super().save(*arguments, **{**options, "force_insert": True})

    def delete(self, *arguments: Any, **options: Any) -> NoReturn:
        raise NotRecording(REFUSAL)
