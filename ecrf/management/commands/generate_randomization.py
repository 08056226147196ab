"""`manage.py generate_randomization --study CODE --name NAME --keeper USER (--length N | --import-file F)`

Prints the name, the length and the published digests; never a slot, a seed or a block size.
"""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trials.actions.errors import Refused
from trials.actions.randomization_list import create_list, import_list
from trials.models import RandomizationList, RandomizationPublication, Study, User
from trials.roles import NotPermitted

MAX_FILE_BYTES = 5_000_000


class Command(BaseCommand):
    help = "Make a sealed randomization list, or import one (CSV: number, stratum, arm), as its keeper."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True, help="code of the study")
        parser.add_argument("--name", required=True, help="name of the list")
        parser.add_argument(
            "--keeper", required=True, metavar="USERNAME", help="keeper of the list, who acts"
        )
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--length", type=int, help="slots in each stratum")
        source.add_argument("--import-file", type=Path, help="a list made elsewhere")
        parser.add_argument(
            "--strata",
            nargs="+",
            help="codes of strata among those that the study's factors make; all of them without it",
        )
        parser.add_argument(
            "--ask-block-sizes",
            action="store_true",
            help="ask for the block sizes without showing them; else they are drawn at random",
        )
        parser.add_argument("--demo", action="store_true", help="a demonstration list (demo settings only)")

    def handle(self, **options: Any) -> None:
        try:
            made = self._made(options)
        except NotPermitted as error:
            raise CommandError(f"{options['keeper']}: {error}") from None
        except Refused as error:
            raise CommandError(str(error)) from None
        published = RandomizationPublication.objects.get(list=made, number=1)
        self.stdout.write(
            f"name: {made.name}\nlength: {sum(published.lengths.values())}\n"
            f"published digest: {published.digest}\n"
            f"published digest of the commitments: {published.commitments_digest}"
        )

    def _made(self, options: dict[str, Any]) -> RandomizationList:
        study, keeper = study_named(options["study"]), keeper_named(options["keeper"])
        common = {"actor": keeper, "study": study, "name": options["name"], "is_demo": options["demo"]}
        if options["import_file"]:
            return import_list(rows=rows_of(options["import_file"]), **common)
        sizes = asked_block_sizes() if options["ask_block_sizes"] else None
        return create_list(length=options["length"], strata=options["strata"], block_sizes=sizes, **common)


def study_named(code: str) -> Study:
    """The study of this code. Raises CommandError."""
    study = Study.objects.filter(code=code).first()
    if study is None:
        raise CommandError(f"There is no study {code}.")
    return study


def keeper_named(username: str) -> User:
    """The account of a person. Raises CommandError; what it may do the action says."""
    keeper = User.objects.filter(username__iexact=username, is_system=False).first()
    if keeper is None:
        raise CommandError(f"There is no account {username}.")
    return keeper


def asked_block_sizes() -> list[int]:
    """Block sizes as typed, unseen: an argument would stay in the history of the shell."""
    typed = getpass("Block sizes, e.g. 4 6 (not shown): ").split()
    if not typed or not all(size.isascii() and size.isdigit() and len(size) <= 4 for size in typed):
        raise CommandError("The block sizes must be whole numbers.")
    return [int(size) for size in typed]


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a CSV file with a header. Raises CommandError, never repeating its content."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CommandError(f"{path.name} is larger than {MAX_FILE_BYTES} bytes.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield {str(name): value for name, value in row.items()}
    except OSError as error:
        raise CommandError(f"{path.name} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise CommandError(f"{path.name} is not CSV in UTF-8.") from None
