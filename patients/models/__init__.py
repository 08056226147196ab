from patients.models.adverse_event import (
    AdverseEvent,
    AdverseEventDrug,
    Causality,
    DrugAction,
    Grade,
    InfusionAction,
    OtherRelation,
    Outcome,
    RechallengeOutcome,
    SpecialInterest,
)
from patients.models.base import CaseReportForm, Entry, EntryState, Form, MissingReason, Row, YesNo
from patients.models.concomitant_medication import (
    ConcomitantMedication,
    IndicationKind,
    MedicationCategory,
)
from patients.models.demographics import Demographics, NoChildbearing
from patients.models.disposition import Disposition, DispositionReason, DispositionScope
from patients.models.dose import DailyDosePeriod, DoseAdministration, DoseDifference
from patients.models.drug_accountability import DrugAccountability
from patients.models.ecog import EcogAssessment
from patients.models.electrocardiogram import CardiacInterpretation, Echocardiogram, Electrocardiogram
from patients.models.eligibility import CriterionAnswer, EligibilityAnswer, EligibilityAssessment
from patients.models.history import MedicalHistory, TumorHistory
from patients.models.informed_consent import InformedConsent
from patients.models.laboratory import LabResult, LabSample, RangeFlag
from patients.models.medication_error import MedicationError, MedicationErrorKind
from patients.models.physical_examination import (
    AscitesExtent,
    BodySystemFinding,
    Encephalopathy,
    Finding,
    PhysicalExamination,
)
from patients.models.pregnancy import (
    PregnancyExposure,
    PregnancyExposureDrug,
    PregnancyOutcome,
    PregnancyResult,
    PregnancyTest,
)
from patients.models.query import Query, QueryState, Severity
from patients.models.sae_report import Expectedness, ReportKind, SeriousAdverseEventReport
from patients.models.subject import Allocation, Subject, SubjectStatus
from patients.models.visit import Cycle, Visit, VisitStatus
from patients.models.vital_signs import BloodPressure, VitalSigns

__all__ = [
    "AdverseEvent",
    "AdverseEventDrug",
    "Allocation",
    "AscitesExtent",
    "BloodPressure",
    "BodySystemFinding",
    "CardiacInterpretation",
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
    "DrugAccountability",
    "DrugAction",
    "Echocardiogram",
    "EcogAssessment",
    "Electrocardiogram",
    "EligibilityAnswer",
    "EligibilityAssessment",
    "Encephalopathy",
    "Entry",
    "EntryState",
    "Expectedness",
    "Finding",
    "Form",
    "Grade",
    "IndicationKind",
    "InformedConsent",
    "InfusionAction",
    "LabResult",
    "LabSample",
    "MedicalHistory",
    "MedicationCategory",
    "MedicationError",
    "MedicationErrorKind",
    "MissingReason",
    "NoChildbearing",
    "OtherRelation",
    "Outcome",
    "PhysicalExamination",
    "PregnancyExposure",
    "PregnancyExposureDrug",
    "PregnancyOutcome",
    "PregnancyResult",
    "PregnancyTest",
    "Query",
    "QueryState",
    "RangeFlag",
    "RechallengeOutcome",
    "ReportKind",
    "Row",
    "SeriousAdverseEventReport",
    "Severity",
    "SpecialInterest",
    "Subject",
    "SubjectStatus",
    "TumorHistory",
    "Visit",
    "VisitStatus",
    "VitalSigns",
    "YesNo",
]
