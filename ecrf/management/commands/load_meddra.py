"""`manage.py load_meddra DIRECTORY --version 27.0 [--reason TEXT]`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecrf.management.dictionaries import in_words
from trials.actions.dictionary import load_meddra
from trials.actions.errors import Refused
from trials.models import User
from trials.terminology.entries import DictionaryError


class Command(BaseCommand):
    help = "Load a licensed MedDRA from the directory of its MedAscii files; none comes with the software."

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        # Every command of Django has a --version of its own, of Django; here it is that of MedDRA.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIRECTORY")
        parser.add_argument("--version", required=True, help="version of MedDRA, e.g. 27.0")
        parser.add_argument("--reason", default="", help="why stored terms change")

    def handle(self, *, directory: Path, version: str, reason: str, **options: Any) -> None:
        actor = User.objects.system_user()
        try:
            report = load_meddra(actor=actor, version=version, directory=directory, reason=reason)
        except (DictionaryError, Refused) as error:
            raise CommandError(f"Nothing was loaded.\n{error}") from None
        self.stdout.write(in_words(report))
