"""Username and password entered anew at the moment of an act: for signatures, and for acts that are as grave.

An act that asks for it takes a `Reentry` and lets it confirm the actor before anything is locked. Pages and
requests know only `Reentered`, what a person has typed.
"""

from dataclasses import dataclass, field
from typing import Protocol

from django.http import HttpRequest

from trials.actions.credentials import confirm_credentials
from trials.models import User


class Reentry(Protocol):
    """Proves that the person at the keyboard is the actor, now."""

    def confirm(self, user: User) -> None:
        """Raises WrongCredentials, LockedOut, PasswordMustChange, SecondFactorMissing."""


@dataclass(frozen=True)
class Reentered:
    """What was typed into a page or stood in a request; never shown, logged or kept."""

    username: str
    password: str = field(repr=False)
    request: HttpRequest = field(repr=False)
    code: str = field(default="", repr=False)

    def confirm(self, user: User) -> None:
        """See Reentry. Every failure counts toward the lockout of the account."""
        confirm_credentials(
            user=user, username=self.username, password=self.password, code=self.code, request=self.request
        )
