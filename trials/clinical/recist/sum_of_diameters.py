"""The size of each target lesion at one assessment, and their sum.

Longest diameter of a lesion, short axis of a lymph node. A lesion too small to measure counts 5 mm, a node
too (Eisenhauer 2009, section 4.3.2). The parts of a split lesion are added; lesions that have merged are
measured once, and what lies in another one counts 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trials.clinical.recist.exact import total
from trials.clinical.recist.identity import Identities
from trials.clinical.recist.lesion import Lesion, Measurements, SizeState
from trials.clinical.recist.measurability import NODE_DISEASE_MM
from trials.text import plain

TOO_SMALL_MM = Decimal(5)
WITH_A_SIZE = frozenset({SizeState.MEASURED, SizeState.TOO_SMALL})


@dataclass(frozen=True)
class Size:
    """The size of one target lesion; `mm` is None where it is not known, and `words` say why.

    `gone`: a lesion has disappeared, a node is below 10 mm. `remark`: what is doubtful about a size that
    is known, empty when nothing is.
    """

    label: str
    mm: Decimal | None
    gone: bool
    words: str
    remark: str = ""


@dataclass(frozen=True)
class Sum:
    """The sum of diameters in mm of the target lesions."""

    sizes: tuple[Size, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Why each lesion without a size has none."""
        return tuple(size.words for size in self.sizes if size.mm is None)

    @property
    def known_mm(self) -> Decimal:
        """The sum of the lesions whose size is known."""
        return total(size.mm for size in self.sizes if size.mm is not None)

    @property
    def mm(self) -> Decimal | None:
        """The sum of all target lesions; None when there are none, or when one is missing."""
        return None if self.missing or not self.sizes else self.known_mm

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is doubtful about the sizes that are known."""
        return tuple(size.remark for size in self.sizes if size.remark)


def sum_of_diameters(
    targets: Identities | Iterable[Lesion],
    measurements: Measurements,
    *,
    on: date | None = None,
    too_small_mm: Decimal = TOO_SMALL_MM,
) -> Sum:
    """The sizes of the target lesions by what was read at the assessment of a day.

    A lesion without a measurement, or with one that contradicts itself, has no size.

    >>> from trials.clinical.recist.lesion import Measurement, Role
    >>> node = Lesion("T2", Role.TARGET, node=True)
    >>> found = sum_of_diameters([Lesion("T1", Role.TARGET, node=False), node],
    ...                          {"T1": Measurement(state=SizeState.TOO_SMALL),
    ...                           "T2": Measurement(Decimal(18))})
    >>> found.mm, found.sizes[0].words
    (Decimal('23'), 'T1 too small to measure: 5 mm')
    """
    known = targets if isinstance(targets, Identities) else Identities(tuple(targets))
    return Sum(tuple(_Sizes(known, measurements, on, too_small_mm).all()))


class _Sizes:
    """The sizes of one assessment; follows splits and mergers from lesion to lesion."""

    def __init__(
        self, targets: Identities, measurements: Measurements, on: date | None, too_small_mm: Decimal
    ) -> None:
        self.targets, self.measurements, self.on, self.too_small_mm = targets, measurements, on, too_small_mm
        self.by_label = targets.by_label
        self.counted_hosts = {each.label for each in targets.chosen}

    def all(self) -> Iterable[Size]:
        return [self._size(each, ()) for each in self.targets.chosen]

    def _size(self, lesion: Lesion, via: tuple[str, ...]) -> Size:
        """`via`: the labels that led here; a lesion that is part of itself would otherwise have no end."""
        label = lesion.label
        if label in via:
            return _unknown(label, "is recorded as a part of itself")
        if parts := self.targets.parts_of(label, self.on):
            return self._split(lesion, [self._size(part, (*via, label)) for part in parts])
        merged = self.targets.has_merged(lesion, self.on)
        if merged is None and not self._is_measured(label):
            return _unknown(label, f"has merged with {lesion.merged_into} on a day that is not recorded")
        return self._merged(lesion, (*via, label)) if merged else self._own(lesion)

    def _is_measured(self, label: str) -> bool:
        measurement = self.measurements.get(label)
        return measurement is not None and measurement.read_as in WITH_A_SIZE and measurement.diameter_mm != 0

    def _split(self, lesion: Lesion, parts: Sequence[Size]) -> Size:
        label = lesion.label
        if self._is_measured(label):
            return _unknown(label, "has split, but is measured as a whole beside its parts")
        unknown = [part.words for part in parts if part.mm is None]
        if unknown:
            return _unknown(label, "has split: " + "; ".join(unknown))
        mm = total(part.mm for part in parts if part.mm is not None)
        words = f"{label} has split: {', '.join(part.words for part in parts)}, together {plain(mm)} mm"
        remark = "; ".join(part.remark for part in parts if part.remark)
        return Size(label, mm, all(part.gone for part in parts), words, remark)

    def _merged(self, lesion: Lesion, via: tuple[str, ...]) -> Size:
        label, host = lesion.label, self.by_label.get(lesion.merged_into or "")
        if host is None:
            return _unknown(label, f"has merged with {lesion.merged_into}, which is no target lesion")
        if self._is_measured(label):
            return _unknown(label, f"has merged with {host.label}, but is measured on its own")
        size = self._size(host, via)
        if size.mm is None:
            return _unknown(label, f"has merged with {host.label}: {size.words}")
        if host.label in self.counted_hosts:
            return Size(label, Decimal(0), size.gone, f"{label} has merged with {host.label}, measured there")
        # What the lesions became was not chosen at baseline: the first of them carries its size.
        self.counted_hosts.add(host.label)
        words = f"{label} has merged with {host.label}: {size.words}"
        return Size(label, size.mm, size.gone, words, size.remark)

    def _own(self, lesion: Lesion) -> Size:
        label, measurement = lesion.label, self.measurements.get(lesion.label)
        diameter, small = measurement.diameter_mm if measurement else None, self.too_small_mm
        match measurement.read_as if measurement else None:
            case SizeState.MEASURED if diameter is not None:
                return _known(lesion, diameter, f"{plain(diameter)} mm")
            case SizeState.TOO_SMALL if diameter is None or diameter == small:
                return _known(lesion, small, f"too small to measure: {plain(small)} mm")
            case SizeState.ABSENT if diameter is None or diameter == 0:
                return _known(lesion, Decimal(0), "is gone: 0 mm")
            case SizeState.NOT_EVALUATED:
                return _unknown(label, "was not evaluated")
            case SizeState.MEASURED:
                return _unknown(label, "was measured, but has no diameter")
            case None:
                return _unknown(label, "has no measurement")
            case SizeState() as state:
                return _unknown(label, f"contradicts itself: {state.lower()}, and {plain(diameter)} mm")


def _known(lesion: Lesion, mm: Decimal, words: str) -> Size:
    label, shown = lesion.label, f"{lesion.label} {words}"
    if lesion.node is None and 0 < mm < NODE_DISEASE_MM:
        return _unknown(label, f"is {plain(mm)} mm, but whether it is a lymph node is not recorded")
    if not lesion.node:
        return Size(label, mm, mm == 0, shown)
    remark = f"{label}: the short axis of a lymph node is measured, not 0 mm" if mm == 0 else ""
    return Size(label, mm, mm < NODE_DISEASE_MM, shown, remark)


def _unknown(label: str, words: str) -> Size:
    return Size(label, None, False, f"{label} {words}")
