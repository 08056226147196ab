"""The lesions that a line of a tumor assessment offers: targets to measure, all others to look at."""

from collections.abc import Mapping, Sequence

from patients.forms import Section
from patients.models import LesionRole, NonTargetState, Row, Subject, TargetMeasurement, TumorLesion
from patients.selectors import current

Offers = Mapping[str, Sequence[tuple[str, str]]]

NOT_OFFERED: Mapping[type[Row], frozenset[str]] = {
    TargetMeasurement: frozenset({LesionRole.NON_TARGET, LesionRole.NEW}),
    NonTargetState: frozenset({LesionRole.TARGET}),
}
"""The roles of lesions that have lines of another kind. A lesion without a role stays on offer."""


def offers_of_lines(section: Section, offers: Offers, subject: Subject) -> Offers:
    """What the lines of a section offer: of the lesions only those of their own kind."""
    others = NOT_OFFERED.get(section.model)
    if others is None:
        return offers
    hidden = {str(each.repeat) for each in current(TumorLesion, subject) if each.role in others}
    name = TumorLesion.__name__
    return {**offers, name: [(code, label) for code, label in offers[name] if code not in hidden]}
