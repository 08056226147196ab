"""`manage.py backup --out FILE [--key KEY]`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecrf.backup.errors import BackupError
from ecrf.backup.take import take


class Command(BaseCommand):
    help = "Copy the whole database, as it is at one moment, into one file; others may go on writing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--out", required=True, type=Path, metavar="FILE", help="a file that is not there yet"
        )
        parser.add_argument("--key", type=Path, help="private key; the backup then carries a signed anchor")

    def handle(self, *, out: Path, key: Path | None, **options: Any) -> None:
        try:
            manifest = take(out, key=key)
        except BackupError as error:
            raise CommandError(f"No backup was made. {error}") from None
        rows, chains = sum(manifest["rows"].values()), len(manifest["chains"])
        self.stdout.write(f"{out}: {rows} rows in {len(manifest['rows'])} tables, {chains} chains")
