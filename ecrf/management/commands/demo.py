"""Show the system with synthetic data, on this machine only."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from tqdm import tqdm

from ecrf.demo.accounts import open_accounts
from ecrf.demo.load import CannotLoad, is_empty, load
from ecrf.demo.new_list import make_new_list
from ecrf.demo.serving import LOOPBACK, PortBusy, refuse_busy_port, serve
from ecrf.demo.world import COLLEAGUES, PASSWORD, STUDY_CODE, fixture_path
from trials.models import Study


class Command(BaseCommand):
    help = "Load the synthetic demonstration if it is not there, and serve it on this machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="prepare only")
        parser.add_argument("--reset", action="store_true", help="discard the demo database first")
        parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1 (default 8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "The demonstration has public passwords and runs under demo settings only: "
                "python manage.py demo, without DJANGO_SETTINGS_MODULE or --settings."
            )
        try:
            if not options["no_serve"]:
                refuse_busy_port(options["port"])
            if options["reset"]:
                self.discard()
            self.prepare(fixture_path())
        except (PortBusy, CannotLoad) as error:
            raise CommandError(str(error)) from error
        self.introduce(options["port"])
        if not options["no_serve"]:
            serve(options["port"])

    def discard(self) -> None:
        """Remove the SQLite file of the demonstration; anything else is refused."""
        if connection.vendor != "sqlite":
            raise CommandError(
                "--reset discards the demo's own SQLite file only; drop other databases yourself."
            )
        file = Path(connection.settings_dict["NAME"]).resolve()
        if file.parent != Path(settings.VAR_DIR).resolve():
            raise CommandError("--reset discards a database file in the demo's own directory only.")
        connections.close_all()
        for suffix in ("", "-wal", "-shm", "-journal"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)

    def prepare(self, fixture: Path) -> None:
        """Whatever is missing of: tables, synthetic study, open accounts, a list with free slots."""
        call_command("migrate", verbosity=0, interactive=False)
        if is_empty():
            with tqdm(unit=" rows", desc="Loading synthetic data", disable=None) as bar:
                load(fixture, progress=bar.update)
        study = Study.objects.filter(code=STUDY_CODE).first()
        if study is None:
            raise CannotLoad("The database holds another study than the demonstration; nothing was changed.")
        open_accounts()
        make_new_list(study)

    def introduce(self, port: int) -> None:
        lines = ["", "SYNTHETIC DATA: nobody in this demonstration exists.", ""]
        lines += [
            f"  {each.username:<14} {each.role.label:<24} {each.site or 'whole study'}" for each in COLLEAGUES
        ]
        lines += ["", f"  Password of each: {PASSWORD}", f"  http://{LOOPBACK}:{port}/", ""]
        self.stdout.write("\n".join(lines))
