"""`manage.py load_protocol DIRECTORY [DIRECTORY ...] [--reason TEXT]`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trials.actions.dictionary import load_shipped_ctcae
from trials.models import User
from trials.protocol.errors import ProtocolError
from trials.protocol.loading import LoadReport, load_protocol


class Command(BaseCommand):
    help = "Load a study's protocol from a directory of YAML files; further directories add sites."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directories", nargs="+", type=Path, metavar="DIRECTORY")
        parser.add_argument("--reason", default="", help="why stored protocol data change")

    def handle(self, *, directories: list[Path], reason: str, **options: Any) -> None:
        actor = User.objects.system_user()
        try:
            report = load_protocol(actor=actor, paths=directories, reason=reason)
        except ProtocolError as error:
            raise CommandError(f"The protocol was not loaded.\n{error}") from None
        self.stdout.write(in_words(report))
        # Adverse events are coded by CTCAE from the first day on; loading its terms again writes nothing.
        load_shipped_ctcae(actor=actor)


def in_words(report: LoadReport) -> str:
    """For example `zs-ICC-2020: 3 new, 1 field changed, 410 unchanged`."""
    created = sum(report.created.values())
    return (
        f"{report.study}: {created} new, {len(report.changed)} fields changed, "
        f"{report.unchanged} records unchanged"
    )
