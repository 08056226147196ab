"""ECOG performance status."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField
from patients.models.base import CaseReportForm, Form, FormGroup


class EcogGrade(models.TextChoices):
    """Oken et al., Am J Clin Oncol 1982;5:649-655."""

    FULLY_ACTIVE = "0", _("0: fully active")
    RESTRICTED = "1", _("1: restricted in strenuous activity, ambulatory")
    SELF_CARE = "2", _("2: ambulatory, capable of self-care, unable to work")
    LIMITED_SELF_CARE = "3", _("3: limited self-care, in bed or chair more than half of waking hours")
    DISABLED = "4", _("4: completely disabled")
    DEAD = "5", _("5: dead")


class EcogAssessment(CaseReportForm):
    """Performance status (CDASH QS / RS, category ECOG)."""

    form = Form(
        oid="ECOG",
        group=FormGroup.EXAMINATION,
        place=3,
        path="ecog-assessments",
        title=_("ECOG performance status"),
        domain="QS",
        dated_by="assessed_on",
        repeats=True,
    )

    assessed_on = ExactDateField(_("Date of assessment"), cdash="QSDTC", required=True)
    grade = CodedField(
        _("ECOG performance status"), codelist=EcogGrade, cdash="ECOG101_QSORRES", required=True
    )
