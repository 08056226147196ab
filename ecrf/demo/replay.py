"""Many lives in one order of time.

A life is a generator: it yields the moment of its next sitting and, once resumed, acts through the ordinary
actions. The lives are interleaved by these moments, as a site meets them.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from trials.audit import clock

Life = Iterator[datetime]


def replay(lives: Iterable[Life], lived: Callable[[int], object] = lambda count: None) -> None:
    """Run every life to its end, always the one whose next moment is earliest. `lived` hears of each end."""
    waiting = [(next(life), order, life) for order, life in enumerate(lives)]
    heapq.heapify(waiting)
    while waiting:
        moment, order, life = heapq.heappop(waiting)
        with clock.simulated(moment):
            following = next(life, None)
        if following is None:
            lived(1)
        else:
            heapq.heappush(waiting, (following, order, life))
