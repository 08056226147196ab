"""What the server computes when a form is saved: a table from form to function.

A derivation gets the form and its rows as they will be stored and sets the derived fields of both.
It reads through selectors and never saves.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from patients.derivations.adverse_event import derive_terms
from patients.derivations.dose import derive_daily_dose, derive_dose
from patients.derivations.electrocardiogram import derive_qtcf
from patients.derivations.known import Known
from patients.derivations.laboratory import derive_results
from patients.derivations.sae_report import one_initial_report
from patients.derivations.tumor_lesion import refuse_impossible_lesion
from patients.models import (
    AdverseEvent,
    CaseReportForm,
    DailyDosePeriod,
    DoseAdministration,
    Electrocardiogram,
    LabSample,
    Row,
    SeriousAdverseEventReport,
    TumorLesion,
)

Rows = Mapping[str, Sequence[Row]]
Derivation = Callable[[Any, Rows, Known], None]

DERIVATIONS: dict[type[CaseReportForm], Derivation] = {
    AdverseEvent: derive_terms,
    LabSample: derive_results,
    DoseAdministration: derive_dose,
    DailyDosePeriod: derive_daily_dose,
    Electrocardiogram: derive_qtcf,
    SeriousAdverseEventReport: one_initial_report,
    TumorLesion: refuse_impossible_lesion,
}


def derive(record: CaseReportForm, rows: Rows, known: Known | None = None) -> None:
    """Compute the derived fields of a form and its rows. Raises Refused for what cannot be a fact.

    `known` is shared by the forms of one import, so that each thing is read once.
    """
    derivation = DERIVATIONS.get(type(record))
    if derivation is not None:
        derivation(record, rows, known or Known())
