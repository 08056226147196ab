"""Sizes of the target lesions from scan to scan, drawn so that the sums mean what the look is said to show.

RECIST 1.1: response from 30 % below baseline on; progression from 20 % and 5 mm above the smallest sum on.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from ecrf.demo.lesions import Lesion, Tumor
from ecrf.demo.outcomes import Seen
from ecrf.demo.scans import Scan

TOO_SMALL_MM = 5
NODE_IS_NORMAL_MM = 10
RESPONSE, GROWTH, GROWTH_MM = 0.70, 1.20, 5
SHALLOW, DEEP = (0.64, 0.69), (0.32, 0.66)
STABLE = (0.73, 1.06)
"""Where the sum settles, as shares of baseline: of a responder whose tumor grows again, of the other
responders, of stable disease."""

MEASURED, TOO_SMALL, ABSENT, NOT_EVALUATED = "MEASURED", "TOO SMALL TO MEASURE", "ABSENT", "NOT EVALUATED"


@dataclass(frozen=True)
class Size:
    """A target lesion on one scan: its state, and mm where there are any."""

    lesion: Lesion
    state: str
    mm: int | None


def draw_sizes(tumor: Tumor, scans: Sequence[Scan], draw: random.Random) -> list[list[Size]]:
    """The target lesions on every scan, in order; nothing for a scan that was missed."""
    course = _Course(tumor, scans, draw)
    return [course.next(scan) for scan in scans]


class _Course:
    """The sums so far, and what the next one may be."""

    def __init__(self, tumor: Tumor, scans: Sequence[Scan], draw: random.Random) -> None:
        self.tumor, self.draw = tumor, draw
        self.baseline = self.last = self.nadir = tumor.baseline
        seen = [scan.seen for scan in scans]
        self.rises_again = _rises_again(seen)
        self.depth = draw.uniform(*(SHALLOW if self.rises_again else DEEP))
        self.level = draw.uniform(*STABLE)
        self.resected = False

    def next(self, scan: Scan) -> list[Size]:
        match scan.seen:
            case Seen.MISSED:
                return []
            case Seen.RESECTED:
                self.resected = True
                return self._removed()
            case _ if self.resected:
                return self._removed()
            case Seen.COMPLETE:
                self.last = self.nadir = 0
                return [_vanished(lesion, self.draw) for lesion in self.tumor.targets]
            case _:
                sizes = self._apportioned(self._sum(scan.seen))
                self.last = sum(size.mm or 0 for size in sizes)
                self.nadir = min(self.nadir, self.last)
                return _one_not_evaluated(sizes) if scan.seen is Seen.NOT_EVALUABLE else sizes

    def _removed(self) -> list[Size]:
        return [Size(lesion, ABSENT, 0) for lesion in self.tumor.targets]

    def _sum(self, seen: Seen) -> int:
        """The sum in mm: drawn near the last one, inside what the look allows."""
        low, high = self._allowed(seen)
        noise = math.exp(self.draw.gauss(0, 0.02))
        match seen:
            case Seen.PARTIAL:
                wanted = max(self.depth * self.baseline, self.last * 0.78) * noise
            case Seen.GROWTH:
                wanted = max(self.last, self.nadir) * self.draw.uniform(1.24, 1.5)
            case Seen.BEYOND:
                wanted = self.last * self.draw.uniform(0.97, 1.06)
            case _:
                wanted = (self.last + (self.level * self.baseline - self.last) * 0.4) * noise
        return round(min(high, max(low, wanted)))

    def _allowed(self, seen: Seen) -> tuple[int, int]:
        """Smallest and largest sum in mm that shows what is seen."""
        grown = max(math.ceil(self.nadir * GROWTH), self.nadir + GROWTH_MM)
        responds = math.floor(self.baseline * RESPONSE)
        if seen in (Seen.GROWTH, Seen.BEYOND):
            return grown + 1, 10 * self.baseline
        if seen is Seen.PARTIAL:
            return 1, min(responds, grown - 1)
        if seen in (Seen.NEW_LESION, Seen.NON_TARGET_GROWTH) and self.last <= responds:
            return 1, grown - 1
        return responds + 1, grown - 1

    def _apportioned(self, total: int) -> list[Size]:
        """The sum shared out among the lesions, each with a little of its own."""
        share = total / self.baseline
        sizes = [
            _sized(lesion, (lesion.size or 0) * share * math.exp(self.draw.gauss(0, 0.10)))
            for lesion in self.tumor.targets
        ]
        others = sum(size.mm or 0 for size in sizes[1:])
        # The largest lesion takes up what rounding and the small ones leave.
        return [Size(self.tumor.targets[0], MEASURED, total - others), *sizes[1:]]


def _sized(lesion: Lesion, mm: float) -> Size:
    if mm < TOO_SMALL_MM and not lesion.is_node:
        return Size(lesion, TOO_SMALL, TOO_SMALL_MM)
    return Size(lesion, MEASURED, max(4, round(mm)))


def _vanished(lesion: Lesion, draw: random.Random) -> Size:
    if lesion.is_node:
        return Size(lesion, MEASURED, draw.randint(5, NODE_IS_NORMAL_MM - 2))
    return Size(lesion, ABSENT, 0)


def _one_not_evaluated(sizes: list[Size]) -> list[Size]:
    return [Size(sizes[0].lesion, NOT_EVALUATED, None), *sizes[1:]]


def _rises_again(seen: Sequence[Seen]) -> bool:
    responding = False
    for each in seen:
        if responding and each is Seen.STABLE:
            return True
        responding = responding or each is Seen.PARTIAL
    return False
