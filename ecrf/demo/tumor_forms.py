"""Tumor lesions and assessments of one life as they are entered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ecrf.demo.desk import Desk
from ecrf.demo.lesions import Lesion, Tumor, draw_tumor, new_lesion
from ecrf.demo.outcomes import Seen
from ecrf.demo.scans import Scan
from ecrf.demo.sizes import NOT_EVALUATED, Size, draw_sizes
from patients.models import TumorAssessment, TumorLesion, Visit

SLICES_MM = "5"
PRESENT, ABSENT, PROGRESSION = "PRESENT", "ABSENT", "UNEQUIVOCAL PROGRESSION"
WITHOUT_CONTRAST = "Scan without contrast medium: the margin cannot be seen"
NO_DISEASE = "No disease is seen after the resection; the lesions that were followed are removed"

INVESTIGATOR_SAYS = {
    # what is seen: response of the target lesions, of the non-target lesions, overall
    Seen.STABLE: ("SD", "NON-CR/NON-PD", "SD"),
    Seen.PARTIAL: ("PR", "NON-CR/NON-PD", "PR"),
    Seen.COMPLETE: ("CR", "CR", "CR"),
    Seen.NOT_EVALUABLE: ("NE", "NON-CR/NON-PD", "NE"),
    Seen.GROWTH: ("PD", "NON-CR/NON-PD", "PD"),
    Seen.BEYOND: ("PD", "NON-CR/NON-PD", "PD"),
    Seen.NEW_LESION: ("", "NON-CR/NON-PD", "PD"),
    Seen.NON_TARGET_GROWTH: ("", "PD", "PD"),
    Seen.RESECTED: ("CR", "NA", "NED"),
}


@dataclass
class Reader:
    """Who reads the scans of one life: keeps the lesions by their numbers, and the sums so far."""

    desk: Desk
    scans: Sequence[Scan] = ()
    numbers: dict[str, int] = field(default_factory=dict)
    tumor: Tumor = field(init=False)

    def __post_init__(self) -> None:
        plan = self.desk.plan
        self.tumor = draw_tumor(plan)
        drawn = draw_sizes(self.tumor, self.scans, plan.draws("sizes")) if self.scans else []
        self.sizes = dict(zip(self.scans, drawn, strict=True))

    def baseline(self, visit: Visit, on: date) -> None:
        """The lesions as they are first identified, and their first sizes."""
        for lesion in (*self.tumor.targets, *self.tumor.non_targets):
            self._identify(lesion, on)
        rows = {
            "measurements": [
                {"lesion": self.numbers[lesion.label], "state": "MEASURED", "diameter": str(lesion.size)}
                for lesion in self.tumor.targets
            ],
            "non_targets": [
                {"lesion": self.numbers[lesion.label], "state": PRESENT} for lesion in self.tumor.non_targets
            ],
        }
        self.desk.enter(
            TumorAssessment, self._answers(on), rows, visit, actor=self.desk.deciding(), slips=False
        )

    def read(self, visit: Visit, scan: Scan) -> None:
        """The assessment of one scan."""
        sizes = self.sizes[scan]
        if scan.seen is Seen.NEW_LESION:
            self._identify(new_lesion(self.desk.plan, self.tumor), scan.day)
        rows = {"measurements": [self._measured(size) for size in sizes], "non_targets": self._states(scan)}
        data = self._answers(scan.day) | self._judgment(scan)
        if scan.seen is Seen.NOT_EVALUABLE:
            data["contrast"] = "N"
        self.desk.enter(TumorAssessment, data, rows, visit, actor=self.desk.deciding(), slips=False)

    def share(self, scan: Scan) -> float:
        """The sum of a scan as a share of baseline; 0 after resection and in complete response."""
        sizes = self.sizes[scan]
        if scan.seen is Seen.COMPLETE or _removed(sizes):
            return 0.0
        return sum(size.mm or 0 for size in sizes) / self.tumor.baseline

    # ---------------------------------------------------------------- parts
    def _identify(self, lesion: Lesion, on: date) -> None:
        data: dict[str, Any] = {
            "label": lesion.label,
            "role": lesion.role,
            "organ": lesion.organ,
            "location": lesion.site,
            "lymph_node": "Y" if lesion.is_node else "N",
            "identified_on": on.isoformat(),
            "method": self.tumor.method,
            "slice_thickness": SLICES_MM,
        }
        if lesion.role == "NEW":
            data["certain"] = "UNEQUIVOCAL"
        else:
            data["previously_irradiated"] = "N"
        record = self.desk.enter(TumorLesion, data, actor=self.desk.deciding(), slips=False)
        self.numbers[lesion.label] = record.repeat

    def _answers(self, on: date) -> dict[str, Any]:
        return {
            "first_scan_on": on.isoformat(),
            "method": self.tumor.method,
            "contrast": "Y",
            "slice_thickness": SLICES_MM,
            "assessor": "INVESTIGATOR",
        }

    def _measured(self, size: Size) -> dict[str, Any]:
        row: dict[str, Any] = {"lesion": self.numbers[size.lesion.label], "state": size.state}
        if size.state == NOT_EVALUATED:
            return row | {"not_evaluated_reason": WITHOUT_CONTRAST}
        return row | {"diameter": str(size.mm)}

    def _states(self, scan: Scan) -> list[dict[str, Any]]:
        lesions = [lesion.label for lesion in self.tumor.non_targets]
        states = dict.fromkeys(lesions, ABSENT if scan.seen is Seen.COMPLETE else PRESENT)
        if scan.seen is Seen.NON_TARGET_GROWTH:
            states[lesions[0]] = PROGRESSION
        return [{"lesion": self.numbers[label], "state": state} for label, state in states.items()]

    def _judgment(self, scan: Scan) -> dict[str, Any]:
        target, non_target, overall = INVESTIGATOR_SAYS[scan.seen]
        if _removed(self.sizes[scan]):
            target = "CR"
        target = target or self._target_response(scan)
        if not self.tumor.non_targets:
            non_target = "NA"
        data = {
            "new_lesions": "Y" if scan.seen is Seen.NEW_LESION else "N",
            "target_response": target,
            "non_target_response": non_target,
            "overall_response": overall,
        }
        if scan.seen is Seen.COMPLETE:
            data["markers_normal"] = "Y"
        if scan.seen is Seen.RESECTED:
            data["comment"] = NO_DISEASE
        return data

    def _target_response(self, scan: Scan) -> str:
        total = sum(size.mm or 0 for size in self.sizes[scan])
        return "PR" if 10 * total <= 7 * self.tumor.baseline else "SD"


def _removed(sizes: Sequence[Size]) -> bool:
    return bool(sizes) and all(size.state == "ABSENT" and not size.lesion.is_node for size in sizes)
