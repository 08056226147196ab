"""What stratifies a randomization: factors, their levels, and the strata that they make.

A study states its factors as data (setting `randomization_stratification`): each names the form and the
question from which the level is taken, and its levels by the answers or by the numbers that belong to them.
The code of a stratum is `FACTOR=LEVEL;FACTOR=LEVEL` in the order of the factors; without factors there is
one stratum, the empty text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, product
from typing import Any

SETTING = "randomization_stratification"
UNSTRATIFIED = ""
MAX_STRATA = 100
MAX_CODE = 60
"""Longest code of a stratum."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?", re.ASCII)
_FACTOR = {"code", "title", "form", "field", "levels"}
_LEVEL = {"code", "title", "values", "at_least", "below"}


class StratificationError(ValueError):
    """Factors that cannot be followed; `lines` name each place and reason."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)
        super().__init__("; ".join(self.lines))


@dataclass(frozen=True)
class Level:
    """One level: the coded answers that belong to it, or numbers from `at_least` on and below `below`."""

    code: str
    title: str
    values: tuple[str, ...] = ()
    at_least: Decimal | None = None
    below: Decimal | None = None

    def holds(self, answer: str | Decimal) -> bool:
        """Whether an answer belongs to this level."""
        if isinstance(answer, str):
            return answer in self.values
        if self.values or (self.at_least is None and self.below is None):
            return str(answer) in self.values
        low_enough = self.below is None or answer < self.below
        return low_enough and (self.at_least is None or answer >= self.at_least)


@dataclass(frozen=True)
class Factor:
    """A fact that stratifies, and the question of the casebook that tells it."""

    code: str
    title: str
    form: str
    field: str
    levels: tuple[Level, ...]

    def level_of(self, answer: str | Decimal) -> Level | None:
        """The level of an answer; None for an answer that no level holds, which is never guessed."""
        return next((level for level in self.levels if level.holds(answer)), None)


def factors_of(value: object) -> tuple[Factor, ...]:
    """The factors that a setting states. Raises StratificationError naming every fault.

    >>> levels = [{"code": "0", "values": ["0"]}, {"code": "1", "values": ["1"]}]
    >>> [factor] = factors_of([{"code": "ECOG", "form": "ECOG", "field": "grade", "levels": levels}])
    >>> factor.title, factor.level_of("1").code, factor.level_of("2")
    ('ECOG', '1', None)
    """
    if value is None:
        return ()
    if not isinstance(value, list):
        raise StratificationError(["must be a list of factors"])
    lines = [line for number, each in enumerate(value) for line in _faults(f"[{number}]", each)]
    if lines:
        raise StratificationError(lines)
    factors = tuple(_factor(each) for each in value)
    if lines := list(_faults_together(factors)):
        raise StratificationError(lines)
    return factors


def strata_of(factors: Sequence[Factor]) -> list[str]:
    """The codes of all strata, in the order of factors and levels.

    >>> strata_of(())
    ['']
    """
    return [
        ";".join(f"{factor.code}={level.code}" for factor, level in zip(factors, levels, strict=True))
        for levels in product(*(factor.levels for factor in factors))
    ]


def stratum_in_words(factors: Sequence[Factor], stratum: str) -> str:
    """A stratum as people read it; the code itself where the factors do not make it (any more).

    >>> low = Level("LOW", "below 5", below=Decimal(5))
    >>> stratum_in_words([Factor("CEA", "CEA", "LB", "cea", (low,))], "CEA=LOW")
    'CEA: below 5'
    """
    known = {
        f"{factor.code}={level.code}": f"{factor.title}: {level.title}"
        for factor in factors
        for level in factor.levels
    }
    return "; ".join(known.get(part, part) for part in stratum.split(";"))


def _factor(raw: dict[str, Any]) -> Factor:
    levels = tuple(_level(each) for each in raw["levels"])
    return Factor(raw["code"], raw.get("title") or raw["code"], raw["form"], raw["field"], levels)


def _level(raw: dict[str, Any]) -> Level:
    return Level(
        raw["code"],
        raw.get("title") or raw["code"],
        tuple(raw.get("values") or ()),
        _number(raw.get("at_least")),
        _number(raw.get("below")),
    )


def _number(raw: Any) -> Decimal | None:
    return None if raw is None else Decimal(str(raw))


def _faults(where: str, raw: Any) -> Iterator[str]:
    if not isinstance(raw, dict):
        yield f"{where}: must be a factor with {', '.join(sorted(_FACTOR))}"
        return
    yield from (f"{where}: {name}: is not known" for name in sorted(raw.keys() - _FACTOR))
    yield from (
        f"{where}: {name}: {why}" for name in ("code", "form", "field") for why in _no_code(raw, name)
    )
    yield from (f"{where}: {why}" for why in _no_title(raw))
    levels = raw.get("levels")
    if not isinstance(levels, list) or len(levels) < 2:
        yield f"{where}: levels: must be a list of two or more"
        return
    for number, level in enumerate(levels):
        yield from (f"{where}: levels[{number}]: {why}" for why in _level_faults(level))


def _level_faults(raw: Any) -> Iterator[str]:
    if not isinstance(raw, dict):
        yield "must be a level with its code"
        return
    yield from (f"{name}: is not known" for name in sorted(raw.keys() - _LEVEL))
    yield from (f"code: {why}" for why in _no_code(raw, "code"))
    yield from _no_title(raw)
    values, limits = raw.get("values"), [name for name in ("at_least", "below") if raw.get(name) is not None]
    coded = isinstance(values, list) and values and all(isinstance(each, str) and each for each in values)
    if values is not None and not coded:
        yield "values: must be a list of answers as text"
    if (values is None) == (not limits):
        yield "values: give either the answers of the level or its limits (at_least, below)"
    for name in limits:
        if isinstance(raw[name], bool) or not _NUMBER.fullmatch(str(raw[name])):
            yield f"{name}: must be a number"


def _no_code(raw: dict[str, Any], name: str) -> Iterator[str]:
    given = raw.get(name)
    if not isinstance(given, str) or not _CODE.fullmatch(given):
        yield "must be letters, digits, dot, dash and underscore"


def _no_title(raw: dict[str, Any]) -> Iterator[str]:
    title = raw.get("title", "")
    if not isinstance(title, str) or not (title == "" or title.isprintable()) or len(title) > MAX_CODE:
        yield f"title: must be printable text of at most {MAX_CODE} characters"


def _faults_together(factors: Sequence[Factor]) -> Iterator[str]:
    if len({factor.code for factor in factors}) < len(factors):
        yield "code: two factors share one"
    number = 1
    for factor in factors:
        number *= len(factor.levels)
        if len({level.code for level in factor.levels}) < len(factor.levels):
            yield f"{factor.code}: two levels share a code"
        for one, other in combinations(factor.levels, 2):
            if _overlap(one, other):
                yield f"{factor.code}: levels {one.code} and {other.code} hold the same answer"
    if number > MAX_STRATA:
        yield f"make more than {MAX_STRATA} strata"
    elif any(len(stratum) > MAX_CODE for stratum in strata_of(factors)):
        yield f"make strata whose codes are longer than {MAX_CODE} characters"


def _overlap(one: Level, other: Level) -> bool:
    if one.values or other.values:
        return bool(set(one.values) & set(other.values))
    ends_first = one.below is not None and other.at_least is not None and one.below <= other.at_least
    ends_last = other.below is not None and one.at_least is not None and other.below <= one.at_least
    return not (ends_first or ends_last)
