from trials.models.access import AccessToken, RecoveryCode, SecondFactor, UserSession
from trials.models.audit import AuditEvent, Chain, ChainKind, Source
from trials.models.base import RegulatedModel
from trials.models.dictionary import Dictionary, DictionaryName, DictionaryTerm, TermLevel
from trials.models.dose_modification import (
    NOT_APPROVED,
    DoseAction,
    DoseLevel,
    DoseModification,
    DoseModificationTable,
    EventGroup,
    LiverTumor,
)
from trials.models.eligibility import AtomicCriterion, Criterion, CriterionKind, Evaluation
from trials.models.idempotency import IdempotencyKey
from trials.models.laboratory import Laboratory, LabTest, LabUnit, ReferenceRange, Sex
from trials.models.prohibited_medication import ProhibitedMedication
from trials.models.randomization import (
    RandomizationList,
    RandomizationPublication,
    RandomizationSeal,
    RandomizationSlot,
    UnusableSlot,
    WrittenOnce,
)
from trials.models.redaction import Redaction, RedactionState
from trials.models.regimen import DoseBand, DoseRule, Drug, Frequency, RegimenElement, Route
from trials.models.schedule import Anchor, DueFor, Epoch, ScheduledForm, VisitDefinition
from trials.models.staff import Assignment, Role, User, system_chain
from trials.models.study import Arm, Reference, Site, Study, StudyContact, StudyNoun, StudySetting

__all__ = [
    "NOT_APPROVED",
    "AccessToken",
    "Anchor",
    "Arm",
    "Assignment",
    "AtomicCriterion",
    "AuditEvent",
    "Chain",
    "ChainKind",
    "Criterion",
    "CriterionKind",
    "DoseAction",
    "Dictionary",
    "DictionaryName",
    "DictionaryTerm",
    "DoseBand",
    "DoseLevel",
    "DoseModification",
    "DoseModificationTable",
    "DoseRule",
    "Drug",
    "DueFor",
    "Epoch",
    "Evaluation",
    "EventGroup",
    "Frequency",
    "IdempotencyKey",
    "LabTest",
    "LabUnit",
    "Laboratory",
    "LiverTumor",
    "ProhibitedMedication",
    "RandomizationList",
    "RandomizationPublication",
    "RandomizationSeal",
    "RandomizationSlot",
    "RecoveryCode",
    "Redaction",
    "RedactionState",
    "Reference",
    "ReferenceRange",
    "RegimenElement",
    "RegulatedModel",
    "Role",
    "Route",
    "ScheduledForm",
    "SecondFactor",
    "Sex",
    "Site",
    "Source",
    "Study",
    "StudyContact",
    "StudyNoun",
    "StudySetting",
    "TermLevel",
    "UnusableSlot",
    "User",
    "UserSession",
    "VisitDefinition",
    "WrittenOnce",
    "Anchor",
    "system_chain",
]
