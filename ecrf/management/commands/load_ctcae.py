"""`manage.py load_ctcae` and `manage.py load_ctcae FILE.xlsx --version 5.0 [--reason TEXT]`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecrf.management.dictionaries import in_words
from trials.actions.dictionary import add_ctcae_descriptions, load_shipped_ctcae
from trials.actions.errors import Refused
from trials.models import User
from trials.terminology.entries import DictionaryError

REASON = "Grade descriptions from the spreadsheet of the National Cancer Institute"


class Command(BaseCommand):
    help = (
        "Load the CTCAE terms that come with the software. With the spreadsheet of the National Cancer "
        "Institute and its version, add what each grade means."
    )

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        # Every command of Django has a --version of its own, of Django; here it is that of CTCAE.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE.xlsx")
        parser.add_argument("--version", default="", help="version of CTCAE of the file, e.g. 5.0")
        parser.add_argument("--reason", default="", help="why stored terms change")

    def handle(self, *, file: Path | None, version: str, reason: str, **options: Any) -> None:
        if (file is None) != (not version):
            raise CommandError("A spreadsheet and its --version belong together.")
        actor = User.objects.system_user()
        try:
            reports = load_shipped_ctcae(actor=actor, reason=reason)
        except (DictionaryError, Refused) as error:
            raise CommandError(f"Nothing was loaded.\n{error}") from None
        if file is not None:
            try:
                reports.append(
                    add_ctcae_descriptions(actor=actor, version=version, path=file, reason=reason or REASON)
                )
            except (DictionaryError, Refused) as error:
                raise CommandError(f"No grade description was added.\n{error}") from None
        for report in reports:
            self.stdout.write(in_words(report))
