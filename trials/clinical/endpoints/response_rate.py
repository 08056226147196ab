"""Who counts as responding, and among whom: objective response and disease control."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from trials.clinical.recist.response import LASTING, OBJECTIVE, Response


class Denominator(StrEnum):
    """ITT: all randomized, who is not evaluable has failed. EVALUABLE: those with an adequate assessment."""

    ITT = "ITT"
    EVALUABLE = "EVALUABLE"


@dataclass(frozen=True)
class Rate:
    """Subjects who count, out of all; `undetermined` of the others could not be judged."""

    count: int
    total: int
    undetermined: int = 0


def objective_response_rate(best: Iterable[Response | None]) -> Rate:
    """Complete and partial responses among best overall responses (None: undetermined, not a response).

    >>> objective_response_rate([Response.PR, Response.SD, Response.NE, None])
    Rate(count=1, total=4, undetermined=1)
    """
    return _rate(best, OBJECTIVE)


def disease_control_rate(best: Iterable[Response | None]) -> Rate:
    """Responses and stable disease (SD, NON-CR/NON-PD, NED) among best overall responses.

    >>> disease_control_rate([Response.PR, Response.NON_CR_NON_PD, Response.PD])
    Rate(count=2, total=3, undetermined=0)
    """
    return _rate(best, OBJECTIVE | LASTING)


def _rate(best: Iterable[Response | None], counting: frozenset[Response]) -> Rate:
    held = list(best)
    return Rate(sum(each in counting for each in held), len(held), held.count(None))
