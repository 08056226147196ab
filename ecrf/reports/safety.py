"""Adverse events by arm, as far as the published table needs them: each subject counts once for each line."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ecrf.reports.endpoints import AnalysisSet, SubjectEndpoints
from patients.facts import Facts
from patients.models import AdverseEvent, Causality, Grade
from trials.clinical.partial_date import span

RELATED = frozenset({Causality.DEFINITE, Causality.PROBABLE, Causality.POSSIBLE})
SEVERE = (int(Grade.SEVERE), int(Grade.LIFE_THREATENING))
MOST_FREQUENT = 15


@dataclass(frozen=True)
class Event:
    """An adverse event as it is counted; `grade` is None where none is recorded."""

    term: str
    ctcae_term: str
    grade: int | None
    related: bool


@dataclass(frozen=True)
class ArmSafety:
    """Adverse events of the treated subjects of one arm, in numbers of subjects.

    Events that certainly began before the first dose are left out. `terms` and `related_terms` count by
    the term as reported; `related_grades` by CTCAE term and highest grade.
    """

    arm: str
    treated: int
    any_event: int
    related: int
    related_grade_3_4: int
    related_grade_5: int
    ungraded_events: int
    resected: int
    terms: Mapping[str, int]
    related_terms: Mapping[str, int]
    related_grades: Mapping[tuple[str, int], int]


def safety_by_arm(facts: Facts, by_arm: Mapping[str, Sequence[SubjectEndpoints]]) -> list[ArmSafety]:
    """The adverse events of each arm; terms that differ in case only are one, as first written."""
    treated = {
        arm: [each for each in held if AnalysisSet.TREATED in each.sets] for arm, held in by_arm.items()
    }
    events = {arm: [events_of(facts, each) for each in held] for arm, held in treated.items()}
    names: dict[str, str] = {}
    for each in (event for of_arm in events.values() for of_one in of_arm for event in of_one):
        names.setdefault(_key(each.term), each.term)
    return [_arm_safety(arm, by_arm[arm], events[arm], names) for arm in by_arm]


def _arm_safety(
    arm: str,
    members: Sequence[SubjectEndpoints],
    events: Sequence[list[Event]],
    names: Mapping[str, str],
) -> ArmSafety:
    return ArmSafety(
        arm=arm,
        treated=len(events),
        any_event=sum(bool(of_one) for of_one in events),
        related=sum(any(each.related for each in of_one) for of_one in events),
        related_grade_3_4=sum(_worst(of_one) in SEVERE for of_one in events),
        related_grade_5=sum(_worst(of_one) == int(Grade.DEATH) for of_one in events),
        ungraded_events=sum(each.grade is None for of_one in events for each in of_one),
        resected=sum(bool(each.history.resections) for each in members if AnalysisSet.ITT in each.sets),
        terms=_by_term(events, names, related_only=False),
        related_terms=_by_term(events, names, related_only=True),
        related_grades=_by_grade(events),
    )


def events_of(facts: Facts, found: SubjectEndpoints) -> list[Event]:
    """The events of a treated subject that may have begun under treatment."""
    start = found.history.first_dose
    events = []
    for form in facts.forms(AdverseEvent, found.subject):
        before = start is not None and form.started and span(form.started)[1] < start.day
        if not form.term or before:
            continue
        causes = {row.causality for row in facts.rows(form, "drugs")}
        grade = int(form.grade) if form.grade else None
        events.append(Event(form.term, form.ctcae_term or "", grade, bool(causes & RELATED)))
    return events


def _worst(events: Iterable[Event]) -> int | None:
    """The highest grade among the related events."""
    return max((each.grade for each in events if each.related and each.grade), default=None)


def _by_term(
    events: Iterable[list[Event]], names: Mapping[str, str], *, related_only: bool
) -> dict[str, int]:
    counted = Counter(
        key
        for of_one in events
        for key in {_key(each.term) for each in of_one if each.related or not related_only}
    )
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return {names[key]: count for key, count in ordered}


def _by_grade(events: Iterable[list[Event]]) -> dict[tuple[str, int], int]:
    counted: Counter[tuple[str, int]] = Counter()
    for of_one in events:
        worst: dict[str, int] = defaultdict(int)
        for each in of_one:
            if each.related and each.grade:
                worst[each.ctcae_term] = max(worst[each.ctcae_term], each.grade)
        counted.update(worst.items())
    return dict(counted)


def _key(term: str) -> str:
    """Terms that differ in case only are one."""
    return " ".join(term.casefold().split())
