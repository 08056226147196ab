"""Adverse events."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    ClockTimeField,
    CodedField,
    CountField,
    ExactDateField,
    NarrativeField,
    PartialDateField,
    ProtocolReferenceField,
    QuantityField,
    RecordReferenceField,
    TextAnswerField,
)
from patients.models.base import Answered, CaseReportForm, Form, FormGroup, Part, Row, YesNo


class Grade(models.TextChoices):
    """CTCAE severity."""

    MILD = "1", _("1: mild")
    MODERATE = "2", _("2: moderate")
    SEVERE = "3", _("3: severe")
    LIFE_THREATENING = "4", _("4: life-threatening")
    DEATH = "5", _("5: death")


class Outcome(models.TextChoices):
    """CDISC codelist C66768."""

    FATAL = "FATAL", _("Fatal")
    NOT_RECOVERED = "NOT RECOVERED/NOT RESOLVED", _("Not recovered")
    RECOVERED = "RECOVERED/RESOLVED", _("Recovered")
    SEQUELAE = "RECOVERED/RESOLVED WITH SEQUELAE", _("Recovered with sequelae")
    RECOVERING = "RECOVERING/RESOLVING", _("Recovering")
    UNKNOWN = "UNKNOWN", _("Unknown")


class Causality(models.TextChoices):
    """Five-step scale of Chinese practice; related means the first three."""

    DEFINITE = "DEFINITELY RELATED", _("Definitely related")
    PROBABLE = "PROBABLY RELATED", _("Probably related")
    POSSIBLE = "POSSIBLY RELATED", _("Possibly related")
    UNLIKELY = "UNLIKELY RELATED", _("Unlikely related")
    UNRELATED = "UNRELATED", _("Unrelated")
    NOT_APPLICABLE = "NOT APPLICABLE", _("Not applicable: drug not given in this arm")


class DrugAction(models.TextChoices):
    """CDISC codelist C66767."""

    INCREASED = "DOSE INCREASED", _("Dose increased")
    NOT_CHANGED = "DOSE NOT CHANGED", _("Dose not changed")
    RATE_REDUCED = "DOSE RATE REDUCED", _("Dose rate reduced")
    REDUCED = "DOSE REDUCED", _("Dose reduced")
    INTERRUPTED = "DRUG INTERRUPTED", _("Drug interrupted")
    WITHDRAWN = "DRUG WITHDRAWN", _("Drug withdrawn")
    NOT_APPLICABLE = "NOT APPLICABLE", _("Not applicable")
    UNKNOWN = "UNKNOWN", _("Unknown")


class OtherRelation(models.TextChoices):
    """Relation to something that is not a study drug."""

    RELATED = "RELATED", _("Related")
    NOT_RELATED = "NOT RELATED", _("Not related")
    UNKNOWN = "UNKNOWN", _("Cannot be judged")


class SpecialInterest(models.TextChoices):
    """Events that are watched: of PD-1 blockade, of lenvatinib, of gemcitabine with oxaliplatin."""

    THYROID = "THYROID", _("Thyroiditis, hypothyroidism, hyperthyroidism")
    HYPOPHYSITIS = "HYPOPHYSITIS", _("Hypophysitis")
    ADRENAL = "ADRENAL INSUFFICIENCY", _("Adrenal insufficiency")
    DIABETES = "TYPE 1 DIABETES", _("Type 1 diabetes mellitus")
    PNEUMONITIS = "PNEUMONITIS", _("Pneumonitis, interstitial lung disease")
    HEPATITIS = "HEPATITIS", _("Hepatitis, hepatotoxicity")
    COLITIS = "COLITIS", _("Colitis")
    NEPHRITIS = "NEPHRITIS", _("Nephritis")
    MYOCARDITIS = "MYOCARDITIS", _("Myocarditis")
    MYOSITIS = "MYOSITIS", _("Myositis")
    SKIN = "SKIN", _("Skin reaction")
    ENCEPHALITIS = "ENCEPHALITIS", _("Encephalitis")
    INFUSION_REACTION = "INFUSION REACTION", _("Infusion reaction, hypersensitivity")
    HYPERTENSION = "HYPERTENSION", _("Hypertension")
    PROTEINURIA = "PROTEINURIA", _("Proteinuria")
    HAND_FOOT = "HAND-FOOT SKIN REACTION", _("Hand-foot skin reaction")
    HEMORRHAGE = "HEMORRHAGE", _("Hemorrhage")
    THROMBOEMBOLISM = "THROMBOEMBOLISM", _("Thromboembolism")
    PERFORATION = "PERFORATION OR FISTULA", _("Gastrointestinal perforation or fistula")
    QT_PROLONGATION = "QT PROLONGATION", _("QT prolongation")
    WOUND_HEALING = "WOUND HEALING", _("Impaired wound healing")
    NEUROPATHY = "NEUROPATHY", _("Neuropathy")
    CYTOPENIA = "CYTOPENIA", _("Cytopenia")
    HEMOLYTIC_UREMIC = "HEMOLYTIC UREMIC SYNDROME", _("Hemolytic uremic syndrome")


class InfusionAction(models.TextChoices):
    """What was done with the infusion during which a reaction occurred."""

    CONTINUED = "CONTINUED", _("Continued unchanged")
    SLOWED = "SLOWED", _("Rate reduced")
    INTERRUPTED = "INTERRUPTED", _("Interrupted, then finished")
    STOPPED = "STOPPED", _("Stopped and not finished")


class RechallengeOutcome(models.TextChoices):
    NOT_RECURRED = "NOT RECURRED", _("Did not come back")
    RECURRED_MILDER = "RECURRED MILDER", _("Came back at a lower grade")
    RECURRED = "RECURRED", _("Came back at the same or a higher grade")
    UNKNOWN = "UNKNOWN", _("Unknown")


class AdverseEvent(CaseReportForm):
    """An adverse event (CDASH AE), graded by CTCAE; seriousness by ICH E2A.

    An event that gets worse ends there and is entered again with its new grade and `worsened_from`; one
    that gets better stays one record with its highest grade.
    """

    form = Form(
        oid="AE",
        group=FormGroup.SAFETY,
        place=1,
        path="adverse-events",
        title=_("Adverse event"),
        domain="AE",
        dated_by="started",
        repeats=True,
        at_visit=False,
        rows={"drugs": "patients.AdverseEventDrug"},
        headline={"term": "{}", "grade": _("grade {}"), "started": _("from {}")},
        parts=(
            Part(_("What happened"), ("term", "ctcae_term", "laboratory_test", "symptoms")),
            Part(_("When"), ("started", "ongoing", "ended", "worsened_from")),
            Part(_("How bad"), ("grade", "serious", "became_aware_on", "became_aware_at")),
            Part(
                _("Why it is serious"),
                (
                    "results_in_death",
                    "life_threatening",
                    "hospitalization",
                    "admitted_on",
                    "discharged_on",
                    "disability",
                    "congenital_anomaly",
                    "medically_important",
                ),
                only_if=Answered("serious", (YesNo.YES,)),
            ),
            Part(_("Related to what"), ("disease_relation", "procedure_relation", "drugs")),
            Part(_("Treatment and outcome"), ("medication_given", "other_action", "outcome")),
            Part(_("Special interest"), ("special_interest", "immune_related", "infusion_reaction")),
            Part(
                _("Immune-related event"),
                (
                    "steroid_given",
                    "steroid_highest_dose",
                    "steroid_started",
                    "steroid_ended",
                    "hormone_replacement",
                    "immunosuppressant_given",
                    "immunosuppressant",
                ),
                only_if=Answered("immune_related", (YesNo.YES,)),
            ),
            Part(
                _("Reaction to an infusion"),
                ("infusion_symptoms", "infusion_action", "premedicated", "premedication"),
                only_if=Answered("infusion_reaction", (YesNo.YES,)),
            ),
            Part(_("Coding"), ("meddra_llt_code",)),
        ),
    )

    term = TextAnswerField(_("Adverse event as reported"), identifying=False, cdash="AETERM", required=True)
    ctcae_term = TextAnswerField(
        _("CTCAE term"), identifying=False, max_length=120, cdash="AEDECOD", required=True
    )
    grade = CodedField(_("Highest CTCAE grade"), codelist=Grade, cdash="AETOXGR", required=True)
    laboratory_test = ProtocolReferenceField(
        "trials.LabTest",
        verbose_name=_("Laboratory test that it is graded from"),
        help_text=_("Only where a laboratory result makes the event"),
    )
    symptoms = CodedField(
        _("Symptoms?"), codelist=YesNo, help_text=_("For an event that is graded from a laboratory test")
    )
    started = PartialDateField(_("Start"), cdash="AESTDTC", required=True)
    ongoing = CodedField(_("Ongoing?"), codelist=YesNo, cdash="AEONGO", required=True)
    ended = PartialDateField(_("End"), cdash="AEENDTC")
    outcome = CodedField(_("Outcome"), codelist=Outcome, cdash="AEOUT", required=True)
    worsened_from = RecordReferenceField(
        "patients.AdverseEvent",
        verbose_name=_("Worsening of adverse event no."),
        help_text=_("The record of the same event with the lower grade, which ends where this one starts"),
    )
    became_aware_on = ExactDateField(_("Day on which the site learned of it"))
    became_aware_at = ClockTimeField(_("Time at which the site learned of it"))
    serious = CodedField(_("Serious?"), codelist=YesNo, cdash="AESER", required=True)
    results_in_death = CodedField(_("Results in death"), codelist=YesNo, cdash="AESDTH")
    life_threatening = CodedField(_("Life-threatening"), codelist=YesNo, cdash="AESLIFE")
    hospitalization = CodedField(_("Hospitalization or its prolongation"), codelist=YesNo, cdash="AESHOSP")
    disability = CodedField(_("Persistent or significant disability"), codelist=YesNo, cdash="AESDISAB")
    congenital_anomaly = CodedField(_("Congenital anomaly or birth defect"), codelist=YesNo, cdash="AESCONG")
    medically_important = CodedField(_("Other medically important event"), codelist=YesNo, cdash="AESMIE")
    admitted_on = PartialDateField(
        _("Admitted to hospital on"), help_text=_("For a prolonged stay: the day on which it was prolonged")
    )
    discharged_on = PartialDateField(
        _("Discharged from hospital on"), help_text=_("Empty while the subject is in hospital")
    )
    disease_relation = CodedField(_("Relation to the disease"), codelist=OtherRelation, cdash="AERELNST")
    procedure_relation = CodedField(_("Relation to a procedure of the study"), codelist=OtherRelation)
    special_interest = CodedField(_("Event of special interest"), codelist=SpecialInterest, cdash="AESCAT")
    medication_given = CodedField(
        _("Was medication given for it?"),
        codelist=YesNo,
        cdash="AECONTRT",
        help_text=_("Each one stands on a page of concomitant medication that names this event"),
    )
    other_action = NarrativeField(_("Treatment and other action taken"), max_length=1000, cdash="AEACNOTH")
    immune_related = CodedField(_("Immune-related?"), codelist=YesNo)
    steroid_given = CodedField(_("Immune-related: systemic steroid given?"), codelist=YesNo)
    steroid_highest_dose = QuantityField(
        _("Highest daily dose of steroid, as prednisone"), unit="mg/d", limits=(0, 5000), usual=(0, 200)
    )
    steroid_started = PartialDateField(_("Start of steroid"))
    steroid_ended = PartialDateField(_("End of steroid"), help_text=_("Empty while it is given"))
    hormone_replacement = CodedField(_("Immune-related: hormone replacement?"), codelist=YesNo)
    immunosuppressant_given = CodedField(_("Another immunosuppressant given?"), codelist=YesNo)
    immunosuppressant = TextAnswerField(_("Which immunosuppressant?"), identifying=False)
    infusion_reaction = CodedField(_("Reaction to an infusion?"), codelist=YesNo)
    infusion_symptoms = TextAnswerField(_("Symptoms of the reaction"), max_length=400)
    infusion_action = CodedField(_("What was done with the infusion"), codelist=InfusionAction)
    premedicated = CodedField(_("Premedication before this infusion?"), codelist=YesNo)
    premedication = TextAnswerField(_("Which premedication?"), identifying=False)
    meddra_llt_code = CountField(
        _("MedDRA code (lowest level term)"),
        limits=(10000000, 99999999),
        cdash="AELLTCD",
        help_text=_("Given by the coder, from the dictionary of the site"),
    )
    meddra_llt = TextAnswerField(_("Lowest level term"), derived=True, cdash="AELLT")
    meddra_pt_code = CountField(_("Code of the preferred term"), derived=True, cdash="AEPTCD")
    meddra_pt = TextAnswerField(_("Preferred term"), derived=True)
    meddra_soc = TextAnswerField(_("System organ class"), derived=True, cdash="AESOC")
    meddra_version = TextAnswerField(_("Version of MedDRA"), derived=True, max_length=20)
    ctcae_soc = TextAnswerField(_("System organ class of the CTCAE term"), derived=True, cdash="AEBODSYS")
    ctcae_version = TextAnswerField(_("Version of CTCAE"), derived=True, max_length=20)

    class Meta(CaseReportForm.Meta):
        constraints = [
            *CaseReportForm.Meta.constraints,
            models.CheckConstraint(
                condition=~models.Q(worsened_from=models.F("id")), name="an_event_is_no_worsening_of_itself"
            ),
        ]


class AdverseEventDrug(Row):
    """Causality and action for one study drug."""

    parent = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="drugs")
    drug = ProtocolReferenceField("trials.Drug", verbose_name=_("Study drug"), required=True)
    causality = CodedField(_("Relation to the drug"), codelist=Causality, cdash="AEREL", required=True)
    action = CodedField(_("Action taken with the drug"), codelist=DrugAction, cdash="AEACN", required=True)
    rechallenged = CodedField(_("Was the drug given again?"), codelist=YesNo)
    rechallenge_outcome = CodedField(_("What happened when it was given again"), codelist=RechallengeOutcome)

    class Meta(Row.Meta):
        verbose_name = _("relation to a study drug")
        verbose_name_plural = _("relations to study drugs")
        constraints = [
            *Row.Meta.constraints,
            models.UniqueConstraint(
                fields=["parent", "drug"],
                condition=models.Q(entered_in_error=False),
                name="one_relation_per_drug",
            ),
        ]
