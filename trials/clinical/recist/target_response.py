"""Response of the target lesions: the sum of diameters against baseline and nadir (Eisenhauer 2009)."""

from dataclasses import dataclass
from decimal import Decimal

from trials.clinical.recist.exact import (
    difference,
    is_at_least_percent,
    is_at_most_percent,
    percent_of,
    shown_percent,
)
from trials.clinical.recist.response import Response
from trials.clinical.recist.sum_of_diameters import Sum
from trials.text import plain

PROGRESSION_PERCENT = 20
PROGRESSION_MM = Decimal(5)
PARTIAL_RESPONSE_PERCENT = -30
_LIMITS = (PARTIAL_RESPONSE_PERCENT, PROGRESSION_PERCENT)


@dataclass(frozen=True)
class Nadir:
    """The smallest complete sum so far, baseline included, and where it was found ("week 12")."""

    mm: Decimal
    where: str


@dataclass(frozen=True)
class TargetResponse:
    """CR, PR, SD, PD, NE, or NA without target lesions, with the numbers it rests on and why, in words.

    `sum_mm` and the changes are None where a lesion is missing; the percentage also where its reference
    is 0. `missing` names what could not be determined.
    """

    response: Response
    words: str
    sum_mm: Decimal | None = None
    from_baseline_percent: Decimal | None = None
    from_nadir_mm: Decimal | None = None
    from_nadir_percent: Decimal | None = None
    missing: tuple[str, ...] = ()


def target_response(current: Sum, *, baseline_mm: Decimal | None, nadir: Nadir | None) -> TargetResponse:
    """The response of the target lesions at one assessment.

    CR: every lesion gone, every node below 10 mm short axis (the sum may be above 0). PD: the sum is at
    least 20 % and at least 5 mm above the nadir; also when lesions are missing, if those that were
    evaluated suffice. PR: at least 30 % below baseline. SD: neither. NE: lesions, or the sum at baseline,
    are missing. Above a nadir of 0 any rise is more than 20 %, so the 5 mm decide.

    >>> from trials.clinical.recist.sum_of_diameters import Size
    >>> now = Sum((Size("T1", Decimal(62), False, "T1 62 mm"),))
    >>> target_response(now, baseline_mm=Decimal(100), nadir=Nadir(Decimal(50), "week 12")).words
    'PD: sum 62 mm is 24 % and 12 mm above the nadir of 50 mm (week 12)'
    """
    if not current.sizes:
        return TargetResponse(Response.NA, "no target lesions")
    if baseline_mm is None or nadir is None:
        words = "NE: the sum of diameters at baseline is not known"
        return TargetResponse(Response.NE, words, current.mm, missing=("sum of diameters at baseline",))
    if current.missing:
        return _incomplete(current, nadir)
    return _complete(current, baseline_mm, nadir)


def _incomplete(current: Sum, nadir: Nadir) -> TargetResponse:
    known, why = current.known_mm, "; ".join(current.missing)
    if _progressed(known, nadir):
        words = f"PD: the evaluated lesions alone, {_above(known, nadir)}; {why}"
        return TargetResponse(Response.PD, words, missing=current.missing)
    return TargetResponse(Response.NE, f"NE: {why}", missing=current.missing)


def _complete(current: Sum, baseline_mm: Decimal, nadir: Nadir) -> TargetResponse:
    mm = current.known_mm
    change, rise = difference(mm, baseline_mm), difference(mm, nadir.mm)
    percent = percent_of(change, baseline_mm)
    response, why = _judged(current, mm, baseline_mm, nadir)
    return TargetResponse(response, f"{response}: {why}", mm, percent, rise, percent_of(rise, nadir.mm))


def _judged(current: Sum, mm: Decimal, baseline_mm: Decimal, nadir: Nadir) -> tuple[Response, str]:
    if all(size.gone for size in current.sizes):
        nodes = f"; nodes below 10 mm leave a sum of {plain(mm)} mm" if mm else ""
        return Response.CR, f"all target lesions are gone{nodes}"
    # PD is tested before PR: after a deep response the sum can rise 20 % and 5 mm
    # above its nadir while still 30 % below baseline, and RECIST calls that progression.
    if _progressed(mm, nadir):
        return Response.PD, _above(mm, nadir)
    change = difference(mm, baseline_mm)
    if baseline_mm and is_at_most_percent(change, PARTIAL_RESPONSE_PERCENT, baseline_mm):
        return Response.PR, _against_baseline(mm, baseline_mm)
    return Response.SD, f"{_against_baseline(mm, baseline_mm)}; {_rise(mm, nadir)}"


def _progressed(mm: Decimal, nadir: Nadir) -> bool:
    rise = difference(mm, nadir.mm)
    return rise >= PROGRESSION_MM and is_at_least_percent(rise, PROGRESSION_PERCENT, nadir.mm)


def _above(mm: Decimal, nadir: Nadir) -> str:
    return f"sum {plain(mm)} mm is {_figures(mm, nadir)} above {_named(nadir)}"


def _rise(mm: Decimal, nadir: Nadir) -> str:
    rise = difference(mm, nadir.mm)
    where = _named(nadir)
    if rise > 0:
        return f"{_figures(mm, nadir)} above {where}"
    return f"at {where}" if rise == 0 else f"a new nadir, {plain(-rise)} mm below {where}"


def _named(nadir: Nadir) -> str:
    return f"the nadir of {plain(nadir.mm)} mm ({nadir.where})"


def _figures(mm: Decimal, nadir: Nadir) -> str:
    rise = difference(mm, nadir.mm)
    percent = percent_of(rise, nadir.mm)
    # Of a nadir of 0 mm there is no percentage.
    return (
        f"{plain(rise)} mm"
        if percent is None
        else f"{shown_percent(percent, _LIMITS)} % and {plain(rise)} mm"
    )


def _against_baseline(mm: Decimal, baseline_mm: Decimal) -> str:
    percent = percent_of(difference(mm, baseline_mm), baseline_mm)
    if percent is None:
        return f"sum {plain(mm)} mm, 0 mm at baseline"
    figure = shown_percent(percent, _LIMITS)
    way = "below" if percent < 0 else "above"
    change = (
        "as at baseline"
        if percent == 0
        else f"{figure.lstrip('-')} % {way} the baseline of {plain(baseline_mm)} mm"
    )
    return f"sum {plain(mm)} mm is {change}"
