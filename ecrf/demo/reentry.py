"""Who signs in the demonstration: its people are synthetic, and nobody is there to type a password."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from trials.models import User


class Synthetic:
    """Stands for credentials entered anew, under demo settings alone; no page and no request can reach it."""

    def confirm(self, user: User) -> None:
        """Raises ImproperlyConfigured anywhere else."""
        if not getattr(settings, "DEMO", False):
            raise ImproperlyConfigured("signatures without a password exist only under demo settings")
