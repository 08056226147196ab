"""The history library's `clean_duplicate_history`, refused."""

from ecrf.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused: history is append-only."
