"""Demographics."""

from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, CountField, PartialDateField
from patients.models.base import CaseReportForm, Form
from trials.models import Sex


class Demographics(CaseReportForm):
    """Age and sex (CDASH DM). Year and month of birth at most: a day would identify the person."""

    form = Form(oid="DM", path="demographics", title=_("Demographics"), domain="DM", at_visit=False)

    birth = PartialDateField(
        _("Year and month of birth"),
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
