"""Informed consent."""

from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField, TextAnswerField
from patients.models.base import CaseReportForm, Form, YesNo


class InformedConsent(CaseReportForm):
    """Written consent to the study (CDASH DS, milestone "informed consent obtained")."""

    form = Form(
        oid="IC",
        path="informed-consents",
        title=_("Informed consent"),
        domain="DS",
        dated_by="signed_on",
        repeats=True,
        at_visit=False,
    )

    consented = CodedField(
        _("Did the subject sign the informed consent?"), codelist=YesNo, cdash="DSDECOD", required=True
    )
    signed_on = ExactDateField(_("Date of the subject's signature"), cdash="DSSTDTC", required=True)
    document_version = TextAnswerField(_("Version of the consent document"), max_length=40, required=True)
    copy_given = CodedField(_("Was a copy given to the subject?"), codelist=YesNo)
    tissue_consent = CodedField(
        _("Did the subject agree to provide tumor tissue?"),
        codelist=YesNo,
        help_text=_("Stored or fresh tissue; inclusion criterion 5"),
    )
