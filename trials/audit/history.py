"""History of a regulated model: django-simple-history with who, when and why kept once, on the event."""

import secrets
from typing import Any

from django.db import models
from simple_history.manager import HistoricalQuerySet, HistoryDescriptor
from simple_history.models import HistoricalRecords

from trials.audit.append_only import AppendOnly, AppendOnlyModel
from trials.audit.context import current_recording

SALT_BYTES = 16


class HistoryQuerySet(AppendOnly, HistoricalQuerySet):
    """What `model.history` returns."""


class HistoryRow(AppendOnlyModel):
    """What every history table adds to the columns of its model: the event, and the salt of the digest."""

    event = models.ForeignKey("trials.AuditEvent", on_delete=models.DO_NOTHING, related_name="+")
    salt = models.CharField(max_length=SALT_BYTES * 2)

    class Meta:
        abstract = True

    @property
    def history_user(self) -> Any:
        return self.event.actor

    @property
    def history_date(self) -> Any:
        return self.event.recorded_at

    @property
    def history_change_reason(self) -> str:
        return self.event.reason


class HistoryAccess(HistoryDescriptor):
    """`model.history`. The library makes a manager class on every access, which costs more than a query."""

    def __init__(self, model: Any, manager: Any, queryset: Any) -> None:
        super().__init__(model, manager, queryset)
        self.ready = manager.from_queryset(queryset)

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self.ready(self.model, instance)


class History(HistoricalRecords):
    """History without user, date and reason of its own: the row points to its AuditEvent.

    Saving outside a recording raises NotRecording, so no regulated row can be written without actor,
    time and reason.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(
            bases=(HistoryRow,),
            inherit=True,
            history_id_field=models.BigAutoField(),
            historical_queryset=HistoryQuerySet,
            **options,
        )

    def finalize(self, sender: Any, **options: Any) -> None:
        super().finalize(sender, **options)
        given = sender.__dict__.get(self.manager_name)
        if isinstance(given, HistoryDescriptor):
            ready = HistoryAccess(given.model, given.manager_class, given.queryset_class)
            setattr(sender, self.manager_name, ready)

    def fields_included(self, model: Any) -> list[models.Field]:
        # Generated columns are the database's own arithmetic and stay out of history and hash.
        return [field for field in super().fields_included(model) if not field.generated]

    def get_extra_fields(self, model: Any, fields: Any) -> dict[str, Any]:
        extra = super().get_extra_fields(model, fields)
        for stored_on_the_event in ("history_date", "history_change_reason", "next_record", "prev_record"):
            extra.pop(stored_on_the_event)
        extra["__str__"] = lambda row: f"{model._meta.verbose_name} {row.history_id}"
        return extra

    def _get_history_user_fields(self) -> dict[str, Any]:
        return {}

    def get_meta_options(self, model: Any) -> dict[str, Any]:
        options = super().get_meta_options(model)
        name = model._meta.db_table.replace(f"{model._meta.app_label}_", "")
        index = models.Index(fields=[model._meta.pk.name, "-history_id"], name=f"{name[:20]}_newest")
        return options | {
            "ordering": ("-event_id", "-history_id"),
            "get_latest_by": ("event_id", "history_id"),
            "indexes": [index],
        }

    def row_for(self, instance: models.Model, history_type: str) -> HistoryRow:
        """An unsaved history row of the instance as it is now, under the running event."""
        history_model = getattr(type(instance), self.manager_name).model
        return history_model(**self.values_for(instance, history_type))

    def values_for(self, instance: models.Model, history_type: str) -> dict[str, Any]:
        """What the instance's history row holds, by attribute name."""
        history_model = getattr(type(instance), self.manager_name).model
        values = {field.attname: getattr(instance, field.attname) for field in history_model.tracked_fields}
        values["history_type"] = history_type
        values["event_id"] = current_recording().event_id_of(instance)
        values["salt"] = secrets.token_hex(SALT_BYTES)
        return values

    def post_save(
        self, instance: Any, created: bool, using: str | None = None, raw: bool = False, **_: Any
    ) -> None:
        # The library's switches (a setting, an attribute of the instance, raw saves of `loaddata`) would
        # each let a row be written without history.
        self.create_historical_record(instance, "+" if created else "~", using=using)

    def create_historical_record(self, instance: Any, history_type: str, using: str | None = None) -> None:
        row = self.row_for(instance, history_type)
        row.save(force_insert=True)
        current_recording().touched(type(row))
