"""Tumor assessments: the scans of one time point, what was measured and how the investigator reads it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    ExactDateField,
    NarrativeField,
    QuantityField,
    RecordReferenceField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, FormGroup, Part, Row, YesNo
from patients.models.tumor_lesion import ImagingMethod


class TargetState(models.TextChoices):
    """What could be said of a target lesion on the scans of a time point."""

    MEASURED = "MEASURED", _("Measured")
    TOO_SMALL = "TOO SMALL TO MEASURE", _("Present, too small to measure")
    ABSENT = "ABSENT", _("No longer there")
    NOT_EVALUATED = "NOT EVALUATED", _("Not evaluated")


class NonTargetLesionState(models.TextChoices):
    """What could be said of a non-target lesion."""

    PRESENT = "PRESENT", _("Present")
    ABSENT = "ABSENT", _("No longer there (lymph node: below 10 mm)")
    PROGRESSION = "UNEQUIVOCAL PROGRESSION", _("Unequivocal progression")
    NOT_EVALUATED = "NOT EVALUATED", _("Not evaluated")


class NewLesions(models.TextChoices):
    YES = "Y", _("Yes")
    NO = "N", _("No")
    EQUIVOCAL = "EQUIVOCAL", _("Equivocal")


class TargetResponse(models.TextChoices):
    """Terms of CDISC codelist C96785 (ONCRSR); RECIST 1.1."""

    COMPLETE = "CR", _("CR: complete response")
    PARTIAL = "PR", _("PR: partial response")
    STABLE = "SD", _("SD: stable disease")
    PROGRESSION = "PD", _("PD: progressive disease")
    NOT_EVALUABLE = "NE", _("NE: not evaluable")
    NOT_APPLICABLE = "NA", _("No target lesions")


class NonTargetResponse(models.TextChoices):
    """Terms of CDISC codelist C96785 (ONCRSR); RECIST 1.1."""

    COMPLETE = "CR", _("CR: complete response")
    NEITHER = "NON-CR/NON-PD", _("Non-CR/non-PD")
    PROGRESSION = "PD", _("PD: progressive disease")
    NOT_EVALUABLE = "NE", _("NE: not evaluable")
    NOT_APPLICABLE = "NA", _("No non-target lesions")


class OverallResponse(models.TextChoices):
    """Terms of CDISC codelist C96785 (ONCRSR); RECIST 1.1."""

    COMPLETE = "CR", _("CR: complete response")
    PARTIAL = "PR", _("PR: partial response")
    STABLE = "SD", _("SD: stable disease")
    NEITHER = "NON-CR/NON-PD", _("Non-CR/non-PD")
    PROGRESSION = "PD", _("PD: progressive disease")
    NOT_EVALUABLE = "NE", _("NE: not evaluable")
    NO_DISEASE = "NED", _("NED: no evidence of disease")
    NOT_DONE = "ND", _("ND: not done")


class Assessor(models.TextChoices):
    """Terms of CDISC codelist C78735 (EVAL)."""

    INVESTIGATOR = "INVESTIGATOR", _("Investigator")
    RADIOLOGIST = "RADIOLOGIST", _("Radiologist of the site")
    INDEPENDENT = "INDEPENDENT ASSESSOR", _("Independent assessor")


class TumorAssessment(CaseReportForm):
    """The scans of one time point (SDTM TR and RS, RECIST 1.1), baseline among them."""

    form = Form(
        oid="TR",
        group=FormGroup.TUMOR,
        place=2,
        path="tumor-assessments",
        title=_("Tumor assessment"),
        domain="TR",
        dated_by="first_scan_on",
        repeats=True,
        rows={"measurements": "patients.TargetMeasurement", "non_targets": "patients.NonTargetState"},
        headline={"first_scan_on": "{}", "overall_response": "{}"},
        parts=(
            Part(
                _("Scans"),
                ("first_scan_on", "last_scan_on", "method", "contrast", "slice_thickness", "assessor"),
            ),
            Part(_("Known lesions"), ("measurements", "non_targets")),
            Part(_("New disease and markers"), ("new_lesions", "markers_normal")),
            Part(
                _("Judgment of the investigator"),
                (
                    "target_response",
                    "non_target_response",
                    "overall_response",
                    "clinical_progression",
                    "comment",
                ),
            ),
        ),
    )

    first_scan_on = ExactDateField(_("Date of the first scan"), cdash="TRDTC", required=True)
    last_scan_on = ExactDateField(
        _("Date of the last scan"), cdash="TRENDTC", help_text=_("Leave empty where all were made on one day")
    )
    method = CodedField(_("Method"), codelist=ImagingMethod, cdash="TRMETHOD", required=True)
    contrast = CodedField(_("With contrast medium?"), codelist=YesNo)
    slice_thickness = QuantityField(_("Slice thickness"), unit="mm", limits=(0, 50), usual=(0, 10))
    new_lesions = CodedField(
        _("Were new lesions seen?"),
        codelist=NewLesions,
        cdash="NEWLPROG_RSORRES",
        help_text=_("Each new lesion is recorded as a tumor lesion. Leave empty at baseline"),
    )
    markers_normal = CodedField(
        _("Have all tumor markers that were raised returned to normal?"),
        codelist=YesNo,
        help_text=_("Needed for a complete response of non-target disease"),
    )
    target_response = CodedField(
        _("Response of the target lesions"), codelist=TargetResponse, cdash="TRGRESP_RSORRES"
    )
    non_target_response = CodedField(
        _("Response of the non-target lesions"), codelist=NonTargetResponse, cdash="NTRGRESP_RSORRES"
    )
    overall_response = CodedField(
        _("Overall response, as the investigator judges it"),
        codelist=OverallResponse,
        cdash="OVRLRESP_RSORRES",
        help_text=_("Leave empty at baseline"),
    )
    clinical_progression = CodedField(
        _("Clinical deterioration without progression on the scans?"), codelist=YesNo
    )
    assessor = CodedField(_("Who assessed the scans?"), codelist=Assessor, cdash="TREVAL", required=True)
    comment = NarrativeField(
        _("Comment"),
        max_length=1000,
        help_text=_("Why the judgment differs from what the measurements give, where it does"),
    )


class TargetMeasurement(Row):
    """A target lesion at one time point: the longest diameter, or the short axis of a lymph node."""

    parent = models.ForeignKey(TumorAssessment, on_delete=models.PROTECT, related_name="measurements")
    lesion = RecordReferenceField(
        "patients.TumorLesion", verbose_name=_("Target lesion"), cdash="TRLNKID", required=True
    )
    state = CodedField(_("Evaluated?"), codelist=TargetState, cdash="TUMSTATE_TRORRES", required=True)
    diameter = QuantityField(
        _("Diameter"),
        unit="mm",
        limits=(0, 500),
        usual=(0, 250),
        cdash="LDIAM_TRORRES",
        help_text=_("Longest diameter; of a lymph node the short axis"),
    )
    scan_on = ExactDateField(
        _("Date of this scan"), cdash="TRDTC", help_text=_("Where it differs from the first scan")
    )
    method = CodedField(
        _("Method of this scan"),
        codelist=ImagingMethod,
        cdash="TRMETHOD",
        help_text=_("Where it differs from the method above"),
    )
    not_evaluated_reason = TextAnswerField(_("Why it was not evaluated"), cdash="TRREASND")

    class Meta(Row.Meta):
        verbose_name = _("measurement of a target lesion")
        verbose_name_plural = _("measurements of target lesions")
        constraints = [
            *Row.Meta.constraints,
            models.UniqueConstraint(
                fields=["parent", "lesion"],
                condition=Q(entered_in_error=False),
                name="one_measurement_per_lesion",
            ),
        ]


class NonTargetState(Row):
    """A non-target lesion, or a new one that is followed, at one time point."""

    parent = models.ForeignKey(TumorAssessment, on_delete=models.PROTECT, related_name="non_targets")
    lesion = RecordReferenceField(
        "patients.TumorLesion", verbose_name=_("Non-target or new lesion"), cdash="TRLNKID", required=True
    )
    state = CodedField(_("State"), codelist=NonTargetLesionState, cdash="TUMSTATE_TRORRES", required=True)
    scan_on = ExactDateField(
        _("Date of this scan"), cdash="TRDTC", help_text=_("Where it differs from the first scan")
    )
    not_evaluated_reason = TextAnswerField(_("Why it was not evaluated"), cdash="TRREASND")

    class Meta(Row.Meta):
        verbose_name = _("state of a non-target lesion")
        verbose_name_plural = _("states of non-target lesions")
        constraints = [
            *Row.Meta.constraints,
            models.UniqueConstraint(
                fields=["parent", "lesion"], condition=Q(entered_in_error=False), name="one_state_per_lesion"
            ),
        ]
