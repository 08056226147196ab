"""The history library's `populate_history`, refused."""

from ecrf.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused: history is append-only."
