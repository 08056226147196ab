"""Tumor lesions: what cannot be a fact of one."""

from collections.abc import Mapping, Sequence
from typing import Any

from patients.derivations.known import Known
from patients.models import Row, TumorLesion
from patients.selectors import current
from trials.actions.errors import Refused


def refuse_impossible_lesion(record: Any, rows: Mapping[str, Sequence[Row]], known: Known) -> None:
    """A label names one lesion of the subject. Raises Refused."""
    if record.label and (
        _is_stored(record) or not known.is_first(f"lesion {record.label}", record.subject_id)
    ):
        raise Refused({"label": [f"{record.label} is another lesion of this subject already"]})


def _is_stored(record: TumorLesion) -> bool:
    others = current(TumorLesion, record.subject).filter(label=record.label).exclude(pk=record.pk)
    if record.external_id:
        # Sent again, it is compared with what is stored; it is no second lesion.
        others = others.exclude(external_id=record.external_id)
    return others.exists()
