"""Sign the heads of all chains; the file is kept where the keepers of the database cannot write."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trials.audit.anchors import CannotAnchor, anchor_of, new_key, read_private_key, write_anchor


class Command(BaseCommand):
    help = "Write a signed anchor of the audit trail (Ed25519); verify_audit --anchor compares with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--key", type=Path, required=True, help="private key file, mode 600")
        parser.add_argument("--out", type=Path, required=True, help="anchor file to write; never overwritten")
        parser.add_argument(
            "--new-key", action="store_true", help="make the key first, and KEY.pub beside it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["new_key"]:
                self.stdout.write(f"public key: {new_key(options['key'])}")
            key = read_private_key(options["key"])
            content = anchor_of()
            write_anchor(options["out"], key, content)
        except CannotAnchor as error:
            raise CommandError(str(error)) from error
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in content["counts"].items())
        self.stdout.write(f"{options['out']}: {counts}")
