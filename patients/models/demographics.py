"""Demographics."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, CountField, PartialDateField
from patients.models.base import CaseReportForm, Form, FormGroup, YesNo
from trials.models import Sex


class NoChildbearing(models.TextChoices):
    """Why a woman cannot bear children."""

    POSTMENOPAUSAL = "POSTMENOPAUSAL", _("Postmenopausal")
    STERILIZED = "STERILIZED", _("Surgically sterilized")
    OTHER = "OTHER", _("Other medical cause")


class Demographics(CaseReportForm):
    """Age, sex, and whether a woman can bear children (CDASH DM, RP).

    Year and month of birth at most: a day would identify the person.
    """

    form = Form(
        oid="DM",
        group=FormGroup.SCREENING,
        place=2,
        path="demographics",
        title=_("Demographics"),
        domain="DM",
        at_visit=False,
    )

    birth = PartialDateField(
        _("Year and month of birth"),
        identifying=True,
        cdash="BRTHDTC",
        required=True,
        max_length=7,
        help_text=_("YYYY-MM, or YYYY when the month is unknown; the day is not collected"),
    )
    age = CountField(
        _("Age at consent, completed years"),
        unit="a",
        limits=(0, 120),
        usual=(18, 75),
        cdash="AGE",
        required=True,
        help_text=_("As stated by the investigator; checked against the month of birth"),
    )
    sex = CodedField(_("Sex"), codelist=Sex, cdash="SEX", required=True)
    childbearing_potential = CodedField(
        _("Women: able to bear children?"),
        codelist=YesNo,
        cdash="CHILDPOT_RPORRES",
        help_text=_("At consent; leave empty for a man"),
    )
    no_childbearing_reason = CodedField(
        _("If not, why?"), codelist=NoChildbearing, help_text=_("Leave empty where she is able")
    )
    postmenopausal_since = PartialDateField(_("Last menstruation (postmenopausal since)"))
    contraception_agreed = CodedField(
        _("Has the subject agreed to use contraception?"),
        codelist=YesNo,
        help_text=_("During treatment and for the time after it that the protocol asks for"),
    )
