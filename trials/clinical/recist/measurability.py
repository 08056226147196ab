"""What can be measured at baseline, and what may be followed as a target (Eisenhauer 2009, section 3).

A lesion is measurable by its longest diameter, a lymph node by its short axis. On CT or MRI the limit of
10 mm holds for slices up to 5 mm; thicker slices double it. A node of 10 mm to below 15 mm is followed as a
non-target lesion, below 10 mm it is normal.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trials.clinical.quantity import ARITHMETIC
from trials.clinical.recist.finding import Finding
from trials.clinical.recist.lesion import Lesion, Method, Role
from trials.clinical.undetermined import Undetermined
from trials.text import plain

MAX_TARGETS = 5
MAX_TARGETS_PER_ORGAN = 2
THIN_SLICE_MM = Decimal(5)
NODE_TARGET_MM = Decimal(15)
NODE_DISEASE_MM = Decimal(10)
THIN_SLICE_LIMIT_MM = Decimal(10)
LIMIT_MM = {
    #  method             longest diameter from
    Method.X_RAY: Decimal(20),
    Method.CALIPER: Decimal(10),
}
SECTIONAL = frozenset({Method.CT, Method.MRI})
NODES = "lymph nodes"
_NAMES = {Method.CT: "CT", Method.MRI: "MRI", Method.PET_CT: "PET-CT", Method.X_RAY: "X-ray"}


@dataclass(frozen=True)
class Measurability:
    """Whether a lesion is measurable, and why in words."""

    measurable: bool
    words: str


def measurability(lesion: Lesion) -> Measurability | Undetermined:
    """Whether a lesion can be measured reproducibly at baseline.

    A lesion that was treated before (radiotherapy, ablation) is measurable only if it has grown since.
    Undetermined where the diameter, the method, the nature (node or not) or, for a lesion that thin slices
    would make measurable, the slice thickness is not recorded; and by PET-CT, whose CT may or may not have
    been of diagnostic quality.

    >>> measurability(Lesion("T1", Role.TARGET, node=False, diameter_mm=Decimal(13), method=Method.CT,
    ...                      slice_thickness_mm=Decimal(7))).words
    'T1: longest diameter 13 mm, measurable from 14 mm on (CT, slices of 7 mm)'
    """
    if missing := _not_recorded(lesion):
        return Undetermined(missing)
    if lesion.treated_before and not lesion.grown_since:
        return _treated_before(lesion)
    limit = smallest_measurable(lesion)
    if isinstance(limit, Undetermined):
        return limit
    shown = f"{lesion.label}: {lesion.axis} {plain(lesion.diameter_mm)} mm"
    if limit is None:
        way = "lymph node" if lesion.node else "lesion"
        return Measurability(False, f"{shown}; a {way} is not measurable by {_named(lesion.method)}")
    measurable = lesion.diameter_mm is not None and lesion.diameter_mm >= limit
    return Measurability(measurable, f"{shown}, measurable from {plain(limit)} mm on ({_how(lesion)})")


def smallest_measurable(lesion: Lesion) -> Decimal | None | Undetermined:
    """The diameter in mm from which a lesion is measurable; None where the method measures no such lesion.

    >>> smallest_measurable(Lesion("T1", Role.TARGET, node=True, method=Method.CT))
    Decimal('15')
    """
    if lesion.method is None:
        return Undetermined((f"method of assessment of {lesion.label}",))
    if lesion.method is Method.PET_CT:
        return Undetermined((f"statement that the CT of the PET-CT of {lesion.label} was diagnostic",))
    if lesion.node:
        return NODE_TARGET_MM if lesion.method in SECTIONAL else None
    if lesion.method not in SECTIONAL:
        return LIMIT_MM.get(lesion.method)
    if lesion.slice_thickness_mm is not None:
        thick = lesion.slice_thickness_mm > THIN_SLICE_MM
        return ARITHMETIC.multiply(2, lesion.slice_thickness_mm) if thick else THIN_SLICE_LIMIT_MM
    if lesion.diameter_mm is not None and lesion.diameter_mm < THIN_SLICE_LIMIT_MM:
        return THIN_SLICE_LIMIT_MM  # too small whatever the slices were
    return Undetermined((f"slice thickness for {lesion.label}",))


def target_findings(lesions: Iterable[Lesion]) -> tuple[Finding, ...]:
    """What is wrong with the choice of target and non-target lesions at baseline; empty when nothing is.

    Lesions that arose later (new ones, parts of a split one) are no part of the choice and are passed over.
    All lymph nodes count as one organ.

    >>> [found.words for found in target_findings([Lesion("NT1", Role.NON_TARGET, node=True,
    ...                                                   diameter_mm=Decimal(9))])]
    ['NT1: a lymph node with a short axis of 9 mm is normal; disease begins at 10 mm']
    """
    chosen = [each for each in lesions if each.role is not Role.NEW and each.split_from is None]
    targets = [each for each in chosen if each.role is Role.TARGET]
    others = [each for each in chosen if each.role is Role.NON_TARGET]
    return (
        *_doubled(chosen),
        *_too_many(targets),
        *_too_many_in_an_organ(targets),
        *(found for lesion in targets for found in _target(lesion)),
        *(found for lesion in others for found in _non_target(lesion)),
    )


def _not_recorded(lesion: Lesion) -> tuple[str, ...]:
    asked = {
        f"{lesion.axis} of {lesion.label} at baseline": lesion.diameter_mm,
        f"answer whether {lesion.label} is a lymph node": lesion.node,
    }
    return tuple(name for name, answer in asked.items() if answer is None)


def _treated_before(lesion: Lesion) -> Measurability | Undetermined:
    if lesion.grown_since is None:
        return Undetermined((f"answer whether {lesion.label}, treated before, has grown since",))
    return Measurability(False, f"{lesion.label} was treated before and has not grown since")


def _doubled(lesions: Sequence[Lesion]) -> Iterable[Finding]:
    for label, times in Counter(each.label for each in lesions).items():
        if times > 1:
            yield Finding("doubled_label", (label,), f"{times} lesions are named {label}")


def _too_many(targets: Sequence[Lesion]) -> Iterable[Finding]:
    if len(targets) > MAX_TARGETS:
        words = f"there are {len(targets)} target lesions, {MAX_TARGETS} at most are followed"
        yield Finding("too_many_targets", _labels(targets), words)


def _too_many_in_an_organ(targets: Sequence[Lesion]) -> Iterable[Finding]:
    organs: dict[str, list[Lesion]] = {}
    for lesion in targets:
        organ = NODES if lesion.node else lesion.organ
        if organ is None:
            words = f"cannot be determined: the organ of {lesion.label} is not recorded"
            yield Finding("organ_missing", (lesion.label,), words)
        else:
            organs.setdefault(organ, []).append(lesion)
    for organ, inside in organs.items():
        if len(inside) > MAX_TARGETS_PER_ORGAN:
            words = (
                f"{len(inside)} target lesions are in one organ ({organ}), {MAX_TARGETS_PER_ORGAN} at most"
            )
            yield Finding("too_many_targets_in_organ", _labels(inside), words)


def _target(lesion: Lesion) -> Iterable[Finding]:
    match measurability(lesion):
        case Undetermined() as unknown:
            words = f"whether {lesion.label} is measurable {unknown.sentence()}"
            yield Finding("target_measurability_unknown", (lesion.label,), words)
        case Measurability(measurable=False, words=reason):
            yield Finding("target_not_measurable", (lesion.label,), f"not measurable, no target: {reason}")


def _non_target(lesion: Lesion) -> Iterable[Finding]:
    if lesion.node and lesion.diameter_mm is not None and lesion.diameter_mm < NODE_DISEASE_MM:
        words = (
            f"{lesion.label}: a lymph node with a short axis of {plain(lesion.diameter_mm)} mm is normal; "
            f"disease begins at {NODE_DISEASE_MM} mm"
        )
        yield Finding("normal_node", (lesion.label,), words)


def _labels(lesions: Sequence[Lesion]) -> tuple[str, ...]:
    return tuple(each.label for each in lesions)


def _how(lesion: Lesion) -> str:
    named = _named(lesion.method)
    if lesion.node or lesion.method not in SECTIONAL or lesion.slice_thickness_mm is None:
        return named
    return f"{named}, slices of {plain(lesion.slice_thickness_mm)} mm"


def _named(method: Method | None) -> str:
    return "" if method is None else _NAMES.get(method, method.value.lower())
