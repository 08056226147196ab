"""Which prohibited medications a medication is, by its name and the time for which each applies."""

from collections.abc import Iterable
from datetime import date

from trials.clinical.medication_name import matching_name
from trials.models import ProhibitedMedication, Study


def prohibited(medication: str, on: date, study: Study) -> list[ProhibitedMedication]:
    """The prohibited medications of a study that this one is, as the protocol stood on a day.

    Whether it was taken within the time that each forbids (before the first dose, during treatment) is not
    judged here. Raises ValueError for a name of more than 400 characters.
    """
    return prohibited_among(ProhibitedMedication.objects.filter(study=study).order_by("id"), medication, on)


def prohibited_among(
    rows: Iterable[ProhibitedMedication], medication: str, on: date
) -> list[ProhibitedMedication]:
    """The same among rows that were read already."""
    return [row for row in rows if _in_force(row, on) and matching_name(medication, row.names)]


def _in_force(row: ProhibitedMedication, on: date) -> bool:
    return row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)
