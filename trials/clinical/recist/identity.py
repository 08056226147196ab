"""Which lesions are followed: chosen at baseline, in parts after they split, as one after they merged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from trials.clinical.recist.finding import Finding
from trials.clinical.recist.lesion import Lesion, Role


@dataclass(frozen=True)
class Identities:
    """The lesions of one role: those chosen at baseline, and those that splits and mergers made of them."""

    chosen: tuple[Lesion, ...]
    arisen: tuple[Lesion, ...] = ()
    findings: tuple[Finding, ...] = ()

    def parts_of(self, label: str, on: date | None) -> tuple[Lesion, ...]:
        """The parts into which a lesion has split by a day, in order of their labels; None: ever.

        >>> part = Lesion("T1.1", Role.TARGET, split_from="T1", changed_on=date(2021, 5, 3))
        >>> both = Identities((Lesion("T1", Role.TARGET),), (part,))
        >>> both.parts_of("T1", date(2021, 5, 2)), len(both.parts_of("T1", date(2021, 5, 3)))
        ((), 1)
        """
        parts = [each for each in self.arisen if each.split_from == label and _has_split(each, on)]
        return tuple(sorted(parts, key=lambda each: each.label))

    def has_merged(self, lesion: Lesion, on: date | None) -> bool | None:
        """Whether a lesion lies in another one by a day; None when the day of the merger is not recorded."""
        if lesion.merged_into is None:
            return False
        if on is None:
            return True
        return None if lesion.changed_on is None else lesion.changed_on <= on

    @property
    def by_label(self) -> Mapping[str, Lesion]:
        """Every lesion of the role by its label."""
        return {each.label: each for each in (*self.chosen, *self.arisen)}


def identities(
    lesions: Iterable[Lesion], role: Role, *, baseline_on: date | None, seen_at_baseline: Iterable[str]
) -> Identities:
    """The lesions of a role sorted out: chosen are those seen at baseline or identified by its last scan.

    A later one is a part, or what merged lesions became; otherwise it cannot have been chosen, is left out
    and remarked on.

    >>> late = Lesion("T2", Role.TARGET, identified_on=date(2021, 5, 3))
    >>> found = identities([late], Role.TARGET, baseline_on=date(2021, 3, 1), seen_at_baseline=())
    >>> found.chosen, found.findings[0].rule
    ((), 'identified_after_baseline')
    """
    ours = sorted((each for each in lesions if each.role is role), key=lambda each: each.label)
    seen, hosts = set(seen_at_baseline), {each.merged_into for each in ours}
    chosen, arisen, findings = [], [], []
    for lesion in ours:
        late = lesion.label not in seen and _is_late(lesion, baseline_on)
        if lesion.split_from is not None or (late and lesion.label in hosts):
            arisen.append(lesion)
        elif late:
            findings.append(_late(lesion))
        else:
            chosen.append(lesion)
    findings += [_without_a_whole(each) for each in _unreached(chosen, arisen)]
    return Identities(tuple(chosen), tuple(arisen), tuple(findings))


def _unreached(chosen: list[Lesion], arisen: list[Lesion]) -> list[Lesion]:
    """The lesions that come from none of the chosen ones, by splits and mergers."""
    reached = {each.label for each in chosen}
    left = list(arisen)
    for _ in arisen:  # each round reaches one generation more
        hosts = {each.merged_into for each in (*chosen, *arisen) if each.label in reached}
        reached |= {each.label for each in left if each.split_from in reached or each.label in hosts}
        left = [each for each in left if each.label not in reached]
    return left


def _is_late(lesion: Lesion, baseline_on: date | None) -> bool:
    if lesion.identified_on is None or baseline_on is None:
        return False
    return lesion.identified_on > baseline_on


def _has_split(part: Lesion, on: date | None) -> bool:
    day = part.changed_on or part.identified_on
    return on is None or day is None or day <= on


def _without_a_whole(lesion: Lesion) -> Finding:
    words = (
        f"{lesion.label} is recorded as a part of {lesion.split_from}, which comes from no "
        f"{lesion.role.lower()} lesion chosen at baseline: it is left out"
    )
    return Finding("part_of_no_lesion", (lesion.label,), words)


def _late(lesion: Lesion) -> Finding:
    words = (
        f"{lesion.label} was first seen on {lesion.identified_on}, after baseline: it is left out; "
        "target and non-target lesions are chosen at baseline, a later one is a new lesion"
    )
    return Finding("identified_after_baseline", (lesion.label,), words)
