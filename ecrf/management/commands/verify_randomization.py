"""`manage.py verify_randomization [--study CODE] [--file PUBLISHED_TEXT_FILE]`

For every day: whether seal, slots, published digests and allocations fit together. Ends with status 1 and
names the places that do not fit; it never prints an arm, a seed or how many slots are left.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from patients.actions.randomization_faults import faults_of_file, faults_of_randomization
from patients.actions.slots import lists_at_rest
from trials.models import Study

MAX_FILE_BYTES = 20_000_000


class Command(BaseCommand):
    help = "Compare the randomization list with its seal, its published digests, its file and its use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", help="code of the study; all of them without it")
        parser.add_argument("--file", type=Path, help="the text of a list (or its commitments), kept outside")

    def handle(self, **options: Any) -> None:
        content = read(options["file"]) if options["file"] else None
        studies = Study.objects.order_by("code")
        if options["study"]:
            studies = studies.filter(code=options["study"])
        elif content is not None and studies.count() > 1:
            raise CommandError("--file: say with --study whose list it is.")
        if not studies:
            raise CommandError(f"There is no study {options['study'] or ''}".rstrip() + ".")
        faults = [fault for study in studies for fault in self._faults(study, options["file"], content)]
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            sys.exit(1)
        self.stdout.write("The randomization fits its lists and what was published of them.")

    def _faults(self, study: Study, path: Path | None, content: bytes | None) -> list[str]:
        with transaction.atomic():
            lists_at_rest(study.pk)  # one state of the database for all comparisons
            faults = faults_of_randomization(study)
            if path is not None and content is not None:
                faults += faults_of_file(study, path.name, content)
        return [f"{study.code}: {fault}" for fault in faults]


def read(path: Path) -> bytes:
    """The content of a file. Raises CommandError, never repeating its content."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path.name} cannot be read: {error.strerror}.") from None
    if len(content) > MAX_FILE_BYTES:
        raise CommandError(f"{path.name} is larger than {MAX_FILE_BYTES} bytes.")
    return content
