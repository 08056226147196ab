"""`flush` empties every table: of a record only under test settings."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import flush
from django.db import transaction

from trials.audit.triggers import drop_all, install

TEST_SETTINGS = "ecrf.settings.test"


class Command(flush.Command):
    help = "Refused: the record is never emptied. Tests alone may, to leave nothing to each other."

    def handle(self, **options: Any) -> None:
        if settings.SETTINGS_MODULE != TEST_SETTINGS:
            raise CommandError("flush is refused: the rows of the record are never removed.")
        using = options["database"]
        # One transaction where it can be: a flush that is interrupted leaves the triggers.
        with transaction.atomic(using=using):
            drop_all(using)
            # A library's table that ours replaced is no model any more, and PostgreSQL knows it still.
            super().handle(**{**options, "allow_cascade": True})
            install(using)
