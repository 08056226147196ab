"""Refusals: what an action says instead of writing. Every face shows the same words."""

from collections.abc import Mapping, Sequence
from typing import Any

Messages = dict[str, Any]


class Refused(Exception):
    """The act is refused. `errors` maps field names (or "detail") to messages, nested for rows.

    `status` is the HTTP status that an API gives to it.
    """

    status = 400

    def __init__(self, errors: Mapping[str, Any] | str) -> None:
        self.errors: Messages = {"detail": errors} if isinstance(errors, str) else dict(errors)
        super().__init__("; ".join(f"{field}: {message}" for field, message in self.errors.items()))


class ReasonRequired(Refused):
    """No reason is given; `words` say for what it is required."""

    def __init__(self, words: str = "A reason is required for every change after the first save.") -> None:
        super().__init__({"change_reason": [words]})


class Stale(Refused):
    """Somebody else saved in between. `current` is the version in the database."""

    status = 412

    def __init__(self, current: int) -> None:
        self.current = current
        super().__init__(
            {"version": [f"The record was changed by somebody else; it is now version {current}."]}
        )


class WrongState(Refused):
    """The record or subject is not in a state that allows the act."""

    status = 409


class Closed(Refused):
    """What would change is frozen or locked; each is named."""

    status = 423


class NotEligible(Refused):
    """Each criterion that is not met or cannot be determined is named.

    `shown` is the whole criterion table, where a face adds it to its reply.
    """

    status = 409
    shown: Any = None


class AlreadyRandomized(WrongState):
    def __init__(self) -> None:
        super().__init__("The subject is already randomized; an allocation is never repeated or undone.")


class StratumUndetermined(WrongState):
    """A fact that stratifies is missing or contradictory; `missing` names each, nothing is guessed."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = list(missing)
        super().__init__({"stratum": [f"cannot be determined: no {each}" for each in missing]})


class ListExhausted(WrongState):
    """No free slot is left in the stratum; nothing is borrowed from another. Empty words: no strata."""

    def __init__(self, stratum: str = "") -> None:
        where = f"There is no free slot in stratum {stratum}" if stratum else "There is no free slot left"
        super().__init__(f"{where}; ask the keeper of the randomization list.")


class WrongCredentials(Refused):
    """Username, password or code are not those of the account. Which of them, nobody is told."""

    status = 403

    def __init__(self) -> None:
        super().__init__("Username, password or code is wrong, or the account is closed.")


class CodeRequired(Refused):
    """The password is right and the second factor is on: a code of it is needed too."""

    status = 403

    def __init__(self) -> None:
        super().__init__({"code": ["is required: the code that your app shows now, or a recovery code"]})


class LockedOut(Refused):
    """Too many failed attempts for this account or from this address."""

    status = 429

    def __init__(self) -> None:
        super().__init__("Too many failed attempts. Wait some minutes and try again.")


class PasswordMustChange(Refused):
    """An administrator knows the password: nothing is done with it until its owner has set an own one."""

    status = 403

    def __init__(self) -> None:
        super().__init__("An administrator set your password: log in to the pages and set your own first.")


class SecondFactorMissing(Refused):
    """The role requires a second factor and the account has none."""

    status = 403

    def __init__(self) -> None:
        super().__init__("Your role requires a second factor: log in to the pages and set it up first.")
