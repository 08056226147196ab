"""Informed consent."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField, TextAnswerField
from patients.models.base import Answered, CaseReportForm, Form, FormGroup, Part, YesNo


class ConsentKind(models.TextChoices):
    """What a consent is for. A consent that does not say is the main one."""

    MAIN = "MAIN", _("Participation in the study")
    RECONSENT = "RE-CONSENT", _("Re-consent to a new version")
    TISSUE = "TISSUE", _("Tissue and blood samples for research")
    GENETIC = "GENETIC", _("Genetic tests")
    BEYOND_PROGRESSION = "BEYOND PROGRESSION", _("Treatment beyond progression")
    PREGNANCY = "PREGNANCY", _("Follow-up of a pregnancy")


class DocumentLanguage(models.TextChoices):
    """ISO 639-1."""

    CHINESE = "zh", _("Chinese")
    ENGLISH = "en", _("English")
    OTHER = "other", _("Other")


class InformedBy(models.TextChoices):
    PRINCIPAL_INVESTIGATOR = "PRINCIPAL INVESTIGATOR", _("Principal investigator")
    INVESTIGATOR = "INVESTIGATOR", _("Investigator")
    OTHER = "OTHER", _("Other person to whom the investigator delegated it")


class SignedBy(models.TextChoices):
    SUBJECT = "SUBJECT", _("The subject")
    REPRESENTATIVE = "REPRESENTATIVE", _("The subject's legal representative")
    WITNESSED = "SUBJECT WITH WITNESS", _("The subject, with an impartial witness")
    PARTNER = "PREGNANT PARTNER", _("The subject's pregnant partner")


class InformedConsent(CaseReportForm):
    """Written consent to the study, and to each part of it (CDASH DS, "informed consent obtained").

    Every version that was signed is a record of its own. Inclusion rests on the first main consent.
    """

    form = Form(
        oid="IC",
        group=FormGroup.SCREENING,
        place=1,
        path="informed-consents",
        title=_("Informed consent"),
        domain="DS",
        dated_by="signed_on",
        repeats=True,
        at_visit=False,
        headline={"kind": "{}", "signed_on": "{}", "document_version": _("version {}")},
        parts=(
            Part(
                _("What was signed"),
                ("kind", "consented", "signed_on", "document_version", "document_language"),
            ),
            Part(_("How"), ("informed_by", "signed_by", "copy_given")),
            Part(_("Agreed to beside it"), ("tissue_consent", "genetic_consent")),
            Part(_("Refused"), ("refused_reason",), only_if=Answered("consented", (YesNo.NO,))),
            Part(_("Withdrawn later"), ("withdrawn_on",)),
        ),
    )

    kind = CodedField(
        _("What is the consent for?"),
        codelist=ConsentKind,
        cdash="DSSCAT",
        help_text=_("Empty: participation in the study"),
    )
    consented = CodedField(
        _("Did the subject sign the informed consent?"), codelist=YesNo, cdash="DSDECOD", required=True
    )
    signed_on = ExactDateField(_("Date of the subject's signature"), cdash="DSSTDTC", required=True)
    document_version = TextAnswerField(
        _("Version of the consent document"), identifying=False, max_length=40, required=True
    )
    copy_given = CodedField(_("Was a copy given to the subject?"), codelist=YesNo)
    tissue_consent = CodedField(
        _("Did the subject agree to provide tumor tissue?"),
        codelist=YesNo,
        help_text=_("Stored or fresh tissue; inclusion criterion 5"),
    )
    genetic_consent = CodedField(_("Did the subject agree to genetic tests?"), codelist=YesNo)
    document_language = CodedField(_("Language of the document"), codelist=DocumentLanguage)
    informed_by = CodedField(_("Who informed the subject?"), codelist=InformedBy)
    signed_by = CodedField(_("Who signed?"), codelist=SignedBy)
    refused_reason = TextAnswerField(
        _("Why consent was refused"), cdash="DSTERM", help_text=_("As far as it was given; need not be given")
    )
    withdrawn_on = ExactDateField(
        _("Date on which this consent was withdrawn"), help_text=_("What was withdrawn: form “Withdrawal”")
    )

    @property
    def is_main(self) -> bool:
        """Whether it is consent to the study itself; one that does not say what for is."""
        return self.kind in (None, ConsentKind.MAIN)
