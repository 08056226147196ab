"""Ranges and flags of stored results, derived anew when what they rest on has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from patients.actions.queries import review_saved
from patients.derivations.known import Known
from patients.derivations.laboratory import flag_results
from patients.models import LabResult, LabSample


@dataclass(frozen=True)
class Reflagged:
    """A result whose range or flag has changed, and what it was before.

    `closed` says why it cannot be changed, where it is frozen or locked.
    """

    result: LabResult
    flag_before: str
    flag_after: str
    low_before: Decimal | None
    high_before: Decimal | None
    closed: str = ""

    @property
    def subject_code(self) -> str:
        return self.result.parent.subject.code


def reflag(sample: LabSample, results: Sequence[LabResult]) -> list[Reflagged]:
    """Choose ranges and flags of a sample's results anew and save what differs, in the running act."""
    before = {result.pk: _judgement(result) for result in results}
    flag_results(sample, results, Known())
    changed = []
    for result in results:
        _range, low, high, flag = before[result.pk]
        if _judgement(result) != before[result.pk]:
            result.parent = sample
            result.version += 1
            result.save()
            changed.append(Reflagged(result, flag or "", result.flag or "", low, high))
    if changed:
        sample.version += 1
        sample.save()
    review_saved([sample])
    return changed


def _judgement(result: LabResult) -> tuple[int | None, Decimal | None, Decimal | None, str | None]:
    return result.reference_range_id, result.range_low, result.range_high, result.flag
