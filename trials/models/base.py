"""What every regulated model is: history on each save, and no way around it."""

from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn, Self

from django.db import models

from trials.audit.context import NotRecording, current_recording
from trials.audit.history import History

HISTORY = History()


class RegulatedQuerySet(models.QuerySet):
    """Reads as any query set; writes that would leave no history are refused."""

    def update(self, **values: Any) -> NoReturn:
        raise NotRecording("update() leaves no history: save through an action")

    def delete(self) -> NoReturn:
        raise NotRecording("regulated rows are never deleted: mark the record as entered in error")

    def bulk_create(self, *arguments: Any, **options: Any) -> NoReturn:
        raise NotRecording("bulk_create() leaves no history: use Recording.save_all")

    def bulk_update(self, *arguments: Any, **options: Any) -> NoReturn:
        raise NotRecording("bulk_update() leaves no history: use Recording.update_all")

    def insert_all(self, objects: Sequence[models.Model], batch_size: int) -> list[Any]:
        """For Recording.save_all, which brings the history itself."""
        return super().bulk_create(objects, batch_size=batch_size)  # type: ignore[arg-type]

    def change_all(self, objects: Sequence[models.Model], fields: Sequence[str], batch_size: int) -> None:
        """For Recording.update_all, which brings the history itself."""
        current_recording()
        plain: models.QuerySet = models.QuerySet(self.model, using=self.db)
        plain.bulk_update(objects, fields, batch_size=batch_size)


RegulatedManager = models.Manager.from_queryset(RegulatedQuerySet)


class RegulatedModel(models.Model):
    """Base of every model that an inspector may ask about."""

    history = HISTORY
    objects = RegulatedManager()

    written_once: ClassVar[bool] = False
    """Whether the database refuses every change of a row, not only its removal."""

    class Meta:
        abstract = True
        base_manager_name = "objects"

    @classmethod
    def history_tracker(cls) -> History:
        return HISTORY

    def save_base(self, *arguments: Any, **options: Any) -> None:
        """Every way of saving ends here; refused before the row is written, not after.

        Raises NotRecording outside a recording, for a row of a chain that is not locked, and for a part of
        the columns: history keeps whole rows, and the columns left out would differ from it.
        """
        current_recording().event_id_of(self)
        if options.get("update_fields"):
            raise NotRecording("regulated rows are saved whole: history keeps every column")
        super().save_base(*arguments, **options)

    @property
    def audit_chain_id(self) -> int:
        """The chain in which changes of this row are recorded; each model says which."""
        raise TypeError(f"{type(self).__name__} does not say to which audit chain it belongs")

    def delete(self, *arguments: Any, **options: Any) -> NoReturn:
        raise NotRecording("regulated rows are never deleted: mark the record as entered in error")

    @classmethod
    def locked(cls, **lookup: Any) -> Self:
        """The row, locked for update; raises DoesNotExist."""
        found: Any = cls.objects.select_for_update().get(**lookup)
        return found
