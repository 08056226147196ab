"""Two ways of doing the same work, measured turn and turn about, so that a noisy machine hits both."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

Timed = Callable[[], float]
"""Does the work once and returns its seconds; what it must prepare or tidy stays outside them."""


@dataclass(frozen=True)
class Compared:
    """A measurement beside its raw limit; seconds per unit of work, medians over the rounds."""

    name: str
    unit: str
    rounds: int
    ours: float
    raw: float
    ratio: float
    lowest: float
    highest: float
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    name: str, ours: Timed, raw: Timed, *, rounds: int, per: int = 1, unit: str, note: str = ""
) -> Compared:
    """Run both once unmeasured, then `rounds` times each in alternating order.

    `per` is how many units of work one call does. The ratio of each round is ours / raw; the median and
    the lowest and highest of them are reported.
    """
    ours()
    raw()
    pairs = []
    for number in range(rounds):
        if number % 2:
            limit = raw()
            pairs.append((ours(), limit))
        else:
            pairs.append((ours(), raw()))
    ratios = [one / limit for one, limit in pairs]
    return Compared(
        name=name,
        unit=unit,
        rounds=rounds,
        ours=median(one for one, _limit in pairs) / per,
        raw=median(limit for _one, limit in pairs) / per,
        ratio=median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        note=note,
    )


def timed(work: Callable[[], Any], times: int = 1) -> Timed:
    """The same work, `times` times in a row, with its seconds."""

    def measured() -> float:
        start = perf_counter()
        for _ in range(times):
            work()
        return perf_counter() - start

    return measured
