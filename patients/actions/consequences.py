"""What follows from any change of a casebook, whichever path it took.

The recording calls `follow` at the end of every act, inside its transaction, with all the rows that the act
saved. So no form, page, import, command or derivation can change what is locked, or keep a signature or a
verification over changed content: there is no path around the recording.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from patients.actions.closed import refuse_closed
from patients.actions.corrections import link_corrections
from patients.actions.verification import drop_verification
from patients.actions.void_signatures import void_signatures
from patients.models import Allocation, CaseReportForm, Cycle, Row, Subject, Visit
from trials.audit.context import OpenRecording


@dataclass(frozen=True)
class Place:
    """Where in a casebook something changed: its subject, then visit and form where it belongs to one.

    `record` is the form whose own questions or rows changed; None for a visit, a cycle, an allocation or
    the subject itself.
    """

    subject: Subject
    visit_id: int | None = None
    record: CaseReportForm | None = None


Consequence = Callable[[OpenRecording, Sequence[Place]], None]

CONSEQUENCES: tuple[Consequence, ...] = (
    refuse_closed,
    drop_verification,
    void_signatures,
    link_corrections,
)
"""In this order: first what refuses, then what is dropped, then what it answers."""


def follow(record: OpenRecording) -> None:
    """Refuse or draw the consequences of what the act saved; an act on no casebook has none."""
    places = places_of(list(record.saved.values()))
    if places:
        for consequence in CONSEQUENCES:
            consequence(record, places)


def places_of(saved: Sequence[Any]) -> list[Place]:
    """Each place of a casebook that the saved rows belong to, once, in the order of saving."""
    places: dict[tuple[Any, ...], Place] = {}
    for instance in saved:
        place = _place(instance)
        if place is not None:
            form = place.record
            key = (place.subject.pk, place.visit_id, type(form), form.pk if form else None)
            places.setdefault(key, place)
    return list(places.values())


def _place(instance: Any) -> Place | None:
    match instance:
        case Row():
            return _place(instance.parent)
        case CaseReportForm():
            return Place(instance.subject, instance.visit_id, instance)
        case Visit():
            return Place(instance.subject, instance.pk)
        case Cycle() | Allocation():
            return Place(instance.subject)
        case Subject():
            return Place(instance)
    return None  # queries, signatures and the marks themselves
