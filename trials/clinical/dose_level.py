"""Levels of a drug: the planned dose, its reductions one by one, and the end below the last."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trials.clinical.quantity import not_negative, positive


class Rhythm(StrEnum):
    """How often a level is taken: once on each treatment day, once a day, every other day."""

    ONCE = "ONCE"
    DAILY = "QD"
    EVERY_OTHER_DAY = "QOD"


@dataclass(frozen=True)
class Level:
    """An amount in the unit of the regimen (mg, or mg/m2) and how often it is taken."""

    amount: Decimal
    rhythm: Rhythm

    def __post_init__(self) -> None:
        positive("amount", self.amount)

    @property
    def intensity(self) -> Decimal:
        """Amount a day (or a treatment day): 4 mg every other day is less than 4 mg a day.

        >>> Level(Decimal(4), Rhythm.EVERY_OTHER_DAY).intensity
        Decimal('2')
        """
        return self.amount / 2 if self.rhythm is Rhythm.EVERY_OTHER_DAY else self.amount


def require_descending(levels: Sequence[Level]) -> None:
    """Raises ValueError when there is no level, or one that is not below the one before it."""
    if not levels:
        raise ValueError("levels must hold at least the planned dose")
    for number, (upper, lower) in enumerate(zip(levels, levels[1:], strict=False), 1):
        if lower.intensity >= upper.intensity:
            raise ValueError(f"level {number} is not below level {number - 1}")


def level_after(levels: Sequence[Level], reductions: int) -> Level | None:
    """The level after a number of reductions, None below the last one: the drug is stopped.

    `levels` begins with the planned dose (no reduction). Raises ValueError for levels that do not descend
    and for a negative number.

    >>> levels = [Level(Decimal(8), Rhythm.DAILY), Level(Decimal(4), Rhythm.DAILY)]
    >>> level_after(levels, 1), level_after(levels, 2)
    (Level(amount=Decimal('4'), rhythm=<Rhythm.DAILY: 'QD'>), None)
    """
    require_descending(levels)
    if reductions < 0:
        raise ValueError("reductions must not be negative")
    return levels[reductions] if reductions < len(levels) else None


def level_of(
    levels: Sequence[Level], amount: Decimal, rhythm: Rhythm, tolerance_percent: Decimal = Decimal(0)
) -> int | None:
    """How many reductions a dose stands for: the level it equals within a tolerance; None: it is no level.

    Raises ValueError for levels that do not descend.

    >>> level_of([Level(Decimal(85), Rhythm.ONCE), Level(Decimal(65), Rhythm.ONCE)],
    ...          Decimal("63.5"), Rhythm.ONCE, tolerance_percent=Decimal(5))
    1
    """
    require_descending(levels)
    not_negative("amount", amount)
    for number, level in enumerate(levels):
        allowed = level.amount * tolerance_percent / 100
        if rhythm is level.rhythm and abs(amount - level.amount) <= allowed:
            return number
    return None
