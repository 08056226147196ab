"""`manage.py restore FILE --into PATH|DATABASE [--public-key KEY [--anchor FILE]]`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecrf.backup.errors import BackupError
from ecrf.backup.restore import restore


class Command(BaseCommand):
    help = "Restore a backup into an empty place and verify it there. Sessions and tokens are ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--into",
            required=True,
            metavar="PATH|DATABASE",
            help="a new file or an empty folder (SQLite); postgresql://... naming an empty database; or "
            "'default', the installation's own database where it is empty",
        )
        parser.add_argument("--public-key", type=Path, help="the anchor must be signed with this key")
        parser.add_argument("--anchor", type=Path, help="an anchor kept elsewhere, instead of the one inside")

    def handle(
        self, *, file: Path, into: str, public_key: Path | None, anchor: Path | None, **options: Any
    ) -> None:
        try:
            manifest = restore(file, into, public_key=public_key, anchor=anchor)
        except BackupError as error:
            raise CommandError(f"Nothing was restored for use. {error}") from None
        rows, chains = sum(manifest["rows"].values()), len(manifest["chains"])
        self.stdout.write(
            f"Restored and verified: {rows} rows, {chains} chains, as of {manifest['taken_at']}"
        )
