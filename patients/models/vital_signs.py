"""Vital signs, with blood pressure read repeatedly."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import ClockTimeField, CountField, ExactDateField, QuantityField
from patients.models.base import CaseReportForm, Form, FormGroup, Row


class VitalSigns(CaseReportForm):
    """Vital signs at a visit (CDASH VS)."""

    form = Form(
        oid="VS",
        group=FormGroup.EXAMINATION,
        place=1,
        path="vital-signs",
        title=_("Vital signs"),
        domain="VS",
        dated_by="measured_on",
        repeats=True,
        rows={"blood_pressures": "patients.BloodPressure"},
    )

    measured_on = ExactDateField(_("Date of measurement"), cdash="VSDTC", required=True)
    weight = QuantityField(
        _("Weight"), unit="kg", limits=(20, 250), usual=(35, 120), cdash="WEIGHT_VSORRES", required=True
    )
    height = QuantityField(
        _("Height"), unit="cm", limits=(100, 230), usual=(140, 200), cdash="HEIGHT_VSORRES"
    )
    temperature = QuantityField(
        _("Body temperature"), unit="Cel", limits=(30, 45), usual=(35, 39), cdash="TEMP_VSORRES"
    )
    pulse = CountField(_("Pulse"), unit="/min", limits=(20, 250), usual=(45, 120), cdash="PULSE_VSORRES")
    respiratory_rate = CountField(
        _("Respiratory rate"), unit="/min", limits=(2, 100), usual=(10, 24), cdash="RESP_VSORRES"
    )
    oxygen_saturation = QuantityField(
        _("Oxygen saturation"), unit="%", limits=(20, 100), usual=(93, 100), cdash="OXYSAT_VSORRES"
    )


class BloodPressure(Row):
    """One reading. Exclusion criterion 5 asks for the mean of at least three on two occasions."""

    parent = models.ForeignKey(VitalSigns, on_delete=models.PROTECT, related_name="blood_pressures")
    systolic = CountField(
        _("Systolic blood pressure"),
        unit="mm[Hg]",
        limits=(40, 300),
        usual=(80, 200),
        cdash="SYSBP_VSORRES",
        required=True,
    )
    diastolic = CountField(
        _("Diastolic blood pressure"),
        unit="mm[Hg]",
        limits=(20, 200),
        usual=(40, 120),
        cdash="DIABP_VSORRES",
        required=True,
    )
    read_at = ClockTimeField(_("Time of reading"), cdash="VSTIM")

    class Meta(Row.Meta):
        verbose_name = _("blood pressure reading")
        verbose_name_plural = _("blood pressure readings")
