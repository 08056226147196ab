"""Electrocardiogram and echocardiogram."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    ClockTimeField,
    CodedField,
    CountField,
    ExactDateField,
    QuantityField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, FormGroup, YesNo


class CardiacInterpretation(models.TextChoices):
    NORMAL = "NORMAL", _("Normal")
    ABNORMAL = "ABNORMAL", _("Abnormal")
    NOT_EVALUABLE = "NOT EVALUABLE", _("Not evaluable")


class Electrocardiogram(CaseReportForm):
    """A 12-lead electrocardiogram at a visit (CDASH EG). Three in a row are three forms.

    QTcF is computed from QT and RR, or from QT and the heart rate where RR was not read.
    """

    form = Form(
        oid="EG",
        group=FormGroup.EXAMINATION,
        place=5,
        path="electrocardiograms",
        title=_("Electrocardiogram"),
        domain="EG",
        dated_by="performed_on",
        repeats=True,
    )

    performed_on = ExactDateField(_("Date of the recording"), cdash="EGDTC", required=True)
    performed_at = ClockTimeField(_("Time of the recording"), cdash="EGTIM")
    heart_rate = CountField(
        _("Heart rate"), unit="/min", limits=(20, 300), usual=(45, 120), cdash="EGHRMN_EGORRES", required=True
    )
    pr_interval = CountField(
        _("PR interval"), unit="ms", limits=(50, 600), usual=(110, 220), cdash="PRAG_EGORRES"
    )
    qrs_duration = CountField(
        _("QRS duration"), unit="ms", limits=(30, 300), usual=(60, 120), cdash="QRSAG_EGORRES"
    )
    qt_interval = CountField(
        _("QT interval"), unit="ms", limits=(150, 900), usual=(300, 500), cdash="QTAG_EGORRES", required=True
    )
    rr_interval = CountField(
        _("RR interval"), unit="ms", limits=(200, 3000), usual=(500, 1400), cdash="RRAG_EGORRES"
    )
    interpretation = CodedField(
        _("Interpretation"), codelist=CardiacInterpretation, cdash="INTP_EGORRES", required=True
    )
    description = TextAnswerField(_("What is abnormal"), max_length=400, cdash="EGDESC")
    clinically_significant = CodedField(_("Clinically significant?"), codelist=YesNo, cdash="EGCLSIG")
    qtcf = QuantityField(_("QTcF"), unit="ms", derived=True, cdash="QTCFAG_EGORRES")
    qtcf_note = TextAnswerField(_("How QTcF was found"), derived=True, max_length=400)


class EchoMethod(models.TextChoices):
    ECHOCARDIOGRAPHY = "ECHOCARDIOGRAPHY", _("Echocardiography")
    MUGA = "MUGA SCAN", _("Radionuclide ventriculography")
    MRI = "MRI", _("Magnetic resonance imaging")


class Echocardiogram(CaseReportForm):
    """Left ventricular function at a visit (CDASH CV)."""

    form = Form(
        oid="CV",
        group=FormGroup.EXAMINATION,
        place=6,
        path="echocardiograms",
        title=_("Echocardiogram"),
        domain="CV",
        dated_by="performed_on",
        repeats=True,
    )

    performed_on = ExactDateField(_("Date of the examination"), cdash="CVDTC", required=True)
    method = CodedField(_("Method"), codelist=EchoMethod, cdash="CVMETHOD")
    ejection_fraction = QuantityField(
        _("Left ventricular ejection fraction"),
        unit="%",
        limits=(5, 95),
        usual=(50, 80),
        cdash="LVEF_CVORRES",
        required=True,
    )
    interpretation = CodedField(_("Interpretation"), codelist=CardiacInterpretation, cdash="INTP_CVORRES")
    description = TextAnswerField(_("What is abnormal"), max_length=400, cdash="CVDESC")
    clinically_significant = CodedField(_("Clinically significant?"), codelist=YesNo, cdash="CVCLSIG")
