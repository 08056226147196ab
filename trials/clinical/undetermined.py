"""The answer of a clinical function whose inputs are incomplete: a value, not an exception, not a default."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Undetermined:
    """What cannot be determined, and why: each entry of `missing` names one thing that is not there.

    Entries are noun phrases without "no", such as "weight" or "TSH between 2021-03-01 and 2021-03-14".
    Raises ValueError when nothing is named, TypeError when `missing` is not a tuple (a bare string
    would otherwise be read letter by letter).

    >>> Undetermined(("weight", "TSH between 2021-03-01 and 2021-03-14")).sentence()
    'cannot be determined: no weight, no TSH between 2021-03-01 and 2021-03-14'
    """

    missing: tuple[str, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.missing, tuple):
            raise TypeError("missing must be a tuple of names")
        if not self.missing:
            raise ValueError("missing must name at least one thing")

    def sentence(self) -> str:
        """The reason in words, without a full stop, to stand after the name of what was asked."""
        return "cannot be determined: " + ", ".join(f"no {name}" for name in self.missing)


def absent(**inputs: Any) -> tuple[str, ...]:
    """The names of the inputs that are None, in the order given, with spaces for underscores.

    >>> absent(weight=None, age=60, serum_creatinine=None)
    ('weight', 'serum creatinine')
    """
    return tuple(name.replace("_", " ") for name, value in inputs.items() if value is None)
