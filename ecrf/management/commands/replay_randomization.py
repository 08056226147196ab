"""`manage.py replay_randomization --study CODE --keeper USER --reason WORDS --folder NEW [--after-study]`

Makes the list again from its seed, compares it byte for byte, and writes a proof of the allocations for an
outsider into a new folder. Prints the digests; never a slot or a seed.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecrf.management.commands.generate_randomization import keeper_named, study_named
from patients.actions.randomization_proof import prove_randomization
from trials.actions.errors import Refused
from trials.models import RandomizationPublication
from trials.roles import NotPermitted


class Command(BaseCommand):
    help = "Replay the randomization lists of a study and write a proof that an outsider can check."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True, help="code of the study")
        parser.add_argument(
            "--keeper", required=True, metavar="USERNAME", help="keeper of the list, who acts"
        )
        parser.add_argument("--reason", required=True, help="why the proof is made; it is recorded")
        parser.add_argument("--folder", required=True, type=Path, help="a new folder for the proof")
        parser.add_argument(
            "--after-study",
            action="store_true",
            help="add each list with its seed and all its slots; every list must be closed",
        )

    def handle(self, **options: Any) -> None:
        folder: Path = options["folder"]
        study, keeper = study_named(options["study"]), keeper_named(options["keeper"])
        try:
            folder.mkdir(mode=0o700)  # before the act: nothing is recorded that could not be written
        except OSError as error:
            raise CommandError(f"{folder.name} must be a new folder: {error.strerror}.") from None
        try:
            files = prove_randomization(
                actor=keeper, study=study, reason=options["reason"], after_study=options["after_study"]
            )
        except (NotPermitted, Refused) as error:
            folder.rmdir()
            raise CommandError(str(error)) from None
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8", newline="\n")
        self.stdout.write(f"{len(files)} files written. Published digests:")
        for each in RandomizationPublication.objects.filter(study=study).select_related("list"):
            self.stdout.write(f"{each.list.name}, {each.number}: {each.digest} {each.commitments_digest}")
