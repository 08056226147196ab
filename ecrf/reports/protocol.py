"""What the reports need of the protocol, read once for a study however many subjects it has."""

from collections import defaultdict
from dataclasses import dataclass, field

from patients.derivations.participation import imaging_visits
from trials.clinical.endpoints.schedule import Recurrence
from trials.models import Anchor, Arm, RegimenElement, Study, VisitDefinition


@dataclass(frozen=True)
class Protocol:
    """Arms by code in their order, the drugs of each (by key), and the scans that each is due.

    `imaging`: the visits of the schedule at which scans are due, by their keys.
    """

    study: Study
    arms: tuple[Arm, ...]
    drugs: dict[int, frozenset[int]] = field(default_factory=dict)
    scans: dict[int, tuple[Recurrence, ...]] = field(default_factory=dict)
    imaging: frozenset[int] = frozenset()

    @classmethod
    def of(cls, study: Study) -> "Protocol":
        """The protocol of a study; the number of queries does not depend on it."""
        arms = tuple(Arm.objects.filter(study=study).order_by("code"))
        drugs: dict[int, set[int]] = defaultdict(set)
        for arm, drug in RegimenElement.objects.filter(study=study).values_list("arm_id", "drug_id"):
            drugs[arm].add(drug)
        due = imaging_visits(study.pk)
        visits = VisitDefinition.objects.filter(study=study, anchor=Anchor.RANDOMIZATION)
        scans = [each for each in visits if each.pk in due]
        return cls(
            study,
            arms,
            {arm.pk: frozenset(drugs[arm.pk]) for arm in arms},
            {arm.pk: _due(arm, scans) for arm in arms},
            due,
        )


def _due(arm: Arm, scans: list[VisitDefinition]) -> tuple[Recurrence, ...]:
    return tuple(_recurrence(each) for each in scans if each.arm_id in (None, arm.pk))


def _recurrence(visit: VisitDefinition) -> Recurrence:
    return Recurrence(visit.day, visit.every_days, visit.window_before_days, visit.window_after_days)
