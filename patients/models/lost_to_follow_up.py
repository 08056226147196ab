"""Lost to follow-up, with what was tried."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField, NarrativeField, TextAnswerField
from patients.models.base import CaseReportForm, Form, FormGroup, Row


class ContactMethod(models.TextChoices):
    TELEPHONE = "TELEPHONE", _("Telephone")
    LETTER = "LETTER", _("Letter")
    MESSAGE = "MESSAGE", _("Text message")
    VISIT = "VISIT", _("Visit at home")
    PHYSICIAN = "PHYSICIAN", _("Asking another physician or hospital")
    REGISTRY = "REGISTRY", _("Registry")
    OTHER = "OTHER", _("Other")


class PersonReached(models.TextChoices):
    NOBODY = "NOBODY", _("Nobody")
    SUBJECT = "SUBJECT", _("The subject")
    FAMILY = "FAMILY", _("Family")
    OTHER = "OTHER", _("Somebody else")


class LostToFollowUp(CaseReportForm):
    """The site no longer reaches the subject (CDASH DS). Being found again ends it."""

    form = Form(
        oid="LF",
        group=FormGroup.FOLLOW_UP,
        place=4,
        path="lost-to-follow-ups",
        title=_("Lost to follow-up"),
        domain="DS",
        dated_by="declared_on",
        repeats=True,
        at_visit=False,
        rows={"attempts": "patients.ContactAttempt"},
    )

    last_contact_on = ExactDateField(_("Date of the last contact with the subject"), required=True)
    declared_on = ExactDateField(
        _("Date on which the subject was declared lost to follow-up"),
        cdash="DSSTDTC",
        help_text=_("Leave empty while contact is still being tried"),
        required=True,
    )
    found_again_on = ExactDateField(_("Date on which contact was found again"))
    comment = NarrativeField(_("Comment"), max_length=1000, cdash="DSTERM")


class ContactAttempt(Row):
    """One attempt to reach the subject."""

    parent = models.ForeignKey(LostToFollowUp, on_delete=models.PROTECT, related_name="attempts")
    tried_on = ExactDateField(_("Date of the attempt"), required=True)
    method = CodedField(_("How"), codelist=ContactMethod, required=True)
    reached = CodedField(_("Who was reached?"), codelist=PersonReached, required=True)
    result = TextAnswerField(_("Result"), max_length=300, help_text=_("Neither names nor numbers"))

    class Meta(Row.Meta):
        verbose_name = _("attempt at contact")
        verbose_name_plural = _("attempts at contact")
