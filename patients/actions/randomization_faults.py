"""Whether list, seal, published digests and allocations fit together; faults name places, never arms."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from patients.models import Allocation
from trials.actions.sealed_list import faults_of_list, named, sealed
from trials.clinical.randomization import RandomizationError
from trials.models import RandomizationList, RandomizationPublication, RandomizationSlot, Study


@dataclass(frozen=True)
class _Place:
    """A slot and what became of it."""

    order: int
    list: str
    is_closed: bool
    stratum: str
    number: int
    arm: int
    allocation: int | None
    given_arm: int | None
    given_stratum: str | None
    is_unusable: bool

    def __str__(self) -> str:
        return f"list “{self.list}”, {named(self.stratum)}, slot {self.number}"


COLUMNS = (
    "list__order",
    "list__name",
    "list__closed_at",
    "stratum",
    "number",
    "arm_id",
    "allocation__id",
    "allocation__arm_id",
    "allocation__stratum",
    "unusable__id",
)


def faults_of_randomization(study: Study) -> list[str]:
    """Everything that does not fit in the lists of a study and in their use; empty when all does."""
    return [*_faults_of_lists(study), *faults_of_use(study)]


def _faults_of_lists(study: Study) -> Iterator[str]:
    for kept in RandomizationList.objects.filter(study=study).order_by("order"):
        if kept.is_demo and not settings.DEMO:
            yield f"list “{kept.name}”: is a demonstration list, which this installation refuses"
        yield from (f"list “{kept.name}”: {fault}" for fault in faults_of_list(kept))


def faults_of_use(study: Study) -> Iterator[str]:
    """Slots used in their order, in that of the commits, without gap or double; unusable ones not at all."""
    elsewhere = Allocation.objects.filter(subject__study=study).exclude(slot__study=study)
    for code in elsewhere.values_list("subject__code", flat=True):
        yield f"{code}: holds a slot of another study"
    by_stratum: dict[str, list[_Place]] = defaultdict(list)
    slots = RandomizationSlot.objects.filter(study=study).order_by("list__order", "number")
    for row in slots.values_list(*COLUMNS):
        order, name, closed_at, stratum, number, arm, allocation, given, given_stratum, unusable = row
        place = _Place(
            order,
            name,
            closed_at is not None,
            stratum,
            number,
            arm,
            allocation,
            given,
            given_stratum,
            unusable is not None,
        )
        by_stratum[stratum].append(place)
    for places in by_stratum.values():
        yield from _faults_of_stratum(places)
    yield from _faults_of_record(study)


def _faults_of_stratum(places: list[_Place]) -> Iterator[str]:
    waiting: list[_Place] = []
    last = 0
    for place in places:
        if place.allocation is None:
            waiting += [] if place.is_unusable else [place]
            continue
        # What is left of a closed list may be followed by the next one; within a list nothing is left out.
        yield from (
            f"{each}: was left out" for each in waiting if not each.is_closed or each.order == place.order
        )
        waiting = []
        if place.allocation < last:
            yield f"{place}: was given before a slot that stands before it"
        last = max(last, place.allocation)
        if place.is_unusable:
            yield f"{place}: is unusable and was given"
        if place.given_arm != place.arm:
            yield f"{place}: the allocation has another arm than its slot"
        if place.given_stratum != place.stratum:
            yield f"{place}: the allocation has another stratum than its slot"


def _faults_of_record(study: Study) -> Iterator[str]:
    """Each allocation was written once, by an act that randomized."""
    history = Allocation.history.model.objects.filter(subject__study=study)
    acts: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for key, kind, action in history.values_list("id", "history_type", "event__action"):
        acts[key].append((kind, action))
    codes = Allocation.objects.filter(subject__study=study).values_list("pk", "subject__code")
    for key, code in codes.order_by("pk"):
        if acts.pop(key, []) != [("+", "randomize")]:
            yield f"{code}: the record does not show exactly one act that randomized"
    yield from (f"allocation {key}: is in the history and missing from the data" for key in acts)


def faults_of_file(study: Study, name: str, content: bytes) -> list[str]:
    """How a file differs from the list that it is the published text (or the commitments) of."""
    known: list[str] = []
    for kept in RandomizationList.objects.filter(study=study).order_by("order"):
        whole = sealed(kept)
        lengths = RandomizationPublication.objects.filter(list=kept).values_list("lengths", flat=True)
        if whole is None:
            continue
        try:
            for each in lengths:
                then = whole.up_to(each)
                known += [then.text(), then.commitments()]
        except RandomizationError as error:
            return [f"list “{kept.name}”: cannot be recomputed: {error}"]
    if any(text.encode("ascii") == content for text in known):
        return []
    return [f"{name}: {_nearest(known, content)}"]


def _nearest(known: list[str], content: bytes) -> str:
    """The first line that differs from the text that agrees the longest."""
    lines = content.split(b"\n")
    agreeing = max((_agreeing(text.encode("ascii").split(b"\n"), lines) for text in known), default=0)
    if agreeing == 0:
        return "is not the text of a list of this study"
    return f"differs from the list in the database in line {agreeing + 1}"


def _agreeing(one: list[bytes], other: list[bytes]) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
