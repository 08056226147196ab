"""Build the demonstration anew: draw the lives, replay them through the actions, write the fixture."""

from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from ecrf.demo.build import build
from ecrf.demo.fixture import write
from ecrf.demo.plans import draw_plans
from ecrf.demo.scratch_database import scratch_database
from ecrf.demo.world import fixture_path


class Command(BaseCommand):
    help = "Build the synthetic demonstration and write it as a fixture (demo settings only)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, default=fixture_path(), help="file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demonstration is built under demo settings only.")
        started = monotonic()
        plans = draw_plans()
        with scratch_database():
            with tqdm(total=len(plans), unit="life", disable=None) as bar:
                build(plans, lived=bar.update)
            count = write(options["out"])
        size = options["out"].stat().st_size / 2**20
        self.stdout.write(f"{count} objects, {size:.1f} MiB, {monotonic() - started:.0f} s: {options['out']}")
