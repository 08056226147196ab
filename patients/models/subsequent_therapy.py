"""Anticancer therapy after the study treatment."""

from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, CountField, NarrativeField, PartialDateField, TextAnswerField
from patients.models.base import CaseReportForm, Form, FormGroup, YesNo
from patients.models.prior_therapy import TherapyKind, TherapyStopReason
from patients.models.tumor_assessment import OverallResponse


class SubsequentTherapy(CaseReportForm):
    """A new anticancer therapy since the first dose (CDASH CM, category "subsequent cancer therapy")."""

    form = Form(
        oid="ST",
        group=FormGroup.FOLLOW_UP,
        place=3,
        path="subsequent-therapies",
        title=_("Subsequent anticancer therapy"),
        domain="CM",
        dated_by="started",
        repeats=True,
        at_visit=False,
    )

    kind = CodedField(_("Kind of therapy"), codelist=TherapyKind, cdash="CMSCAT", required=True)
    agents = TextAnswerField(
        _("Drugs or procedure"),
        identifying=False,
        max_length=300,
        cdash="CMTRT",
        required=True,
        help_text=_("Generic names"),
    )
    line = CountField(_("Line after the study treatment"), limits=(1, 20))
    started = PartialDateField(_("Start"), cdash="CMSTDTC", required=True)
    ongoing = CodedField(_("Ongoing?"), codelist=YesNo, cdash="CMONGO")
    ended = PartialDateField(_("End"), cdash="CMENDTC")
    best_response = CodedField(_("Best response"), codelist=OverallResponse)
    progressed_on = PartialDateField(_("Progression under or after it"))
    reason_stopped = CodedField(_("Why it was stopped"), codelist=TherapyStopReason, cdash="CMRSDISC")
    comment = NarrativeField(_("Comment"), max_length=1000)
