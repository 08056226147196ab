"""Commands of a library that would rewrite or remove what is kept for good; each is refused by name."""

from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError


class RefusedCommand(BaseCommand):
    """Stands in the place of a library's command, takes its arguments, and does nothing but say why."""

    why = "history is append-only: it is never cleaned, thinned or made up afterwards"

    def run_from_argv(self, argv: list[str]) -> None:
        self.stderr.write(self.style.ERROR(f"Refused: {self.why}."))
        raise SystemExit(1)

    def execute(self, *arguments: Any, **options: Any) -> NoReturn:
        raise CommandError(f"Refused: {self.why}.")

    def handle(self, *arguments: Any, **options: Any) -> NoReturn:
        raise CommandError(f"Refused: {self.why}.")
