"""The history library's `clean_old_history`, refused."""

from ecrf.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused: history is append-only."
