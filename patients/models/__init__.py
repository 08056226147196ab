from patients.models.adverse_event import (
    AdverseEvent,
    AdverseEventDrug,
    Causality,
    DrugAction,
    Grade,
    Outcome,
)
from patients.models.base import CaseReportForm, Entry, EntryState, Form, MissingReason, Row, YesNo
from patients.models.concomitant_medication import ConcomitantMedication
from patients.models.demographics import Demographics
from patients.models.disposition import Disposition, DispositionReason, DispositionScope
from patients.models.dose import DailyDosePeriod, DoseAdministration, DoseDifference
from patients.models.ecog import EcogAssessment
from patients.models.eligibility import CriterionAnswer, EligibilityAnswer, EligibilityAssessment
from patients.models.history import MedicalHistory, TumorHistory
from patients.models.informed_consent import InformedConsent
from patients.models.laboratory import LabResult, LabSample, RangeFlag
from patients.models.query import Query, QueryState, Severity
from patients.models.subject import Allocation, Subject, SubjectStatus
from patients.models.visit import Cycle, Visit, VisitStatus
from patients.models.vital_signs import BloodPressure, VitalSigns

__all__ = [
    "AdverseEvent",
    "AdverseEventDrug",
    "Allocation",
    "BloodPressure",
    "CaseReportForm",
    "Causality",
    "ConcomitantMedication",
    "CriterionAnswer",
    "Cycle",
    "DailyDosePeriod",
    "Demographics",
    "Disposition",
    "DispositionReason",
    "DispositionScope",
    "DoseAdministration",
    "DoseDifference",
    "DrugAction",
    "EcogAssessment",
    "EligibilityAnswer",
    "EligibilityAssessment",
    "Entry",
    "EntryState",
    "Form",
    "Grade",
    "InformedConsent",
    "LabResult",
    "LabSample",
    "MedicalHistory",
    "MissingReason",
    "Outcome",
    "Query",
    "QueryState",
    "RangeFlag",
    "Row",
    "Severity",
    "Subject",
    "SubjectStatus",
    "TumorHistory",
    "Visit",
    "VisitStatus",
    "VitalSigns",
    "YesNo",
    "BloodPressure",
    "Causality",
]
