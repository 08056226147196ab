"""A question about entered data: asked by an edit check or by a person, answered by the site."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models.subject import Subject
from patients.models.visit import Visit
from trials.audit.context import current_recording
from trials.models import AuditEvent, RegulatedModel


class QueryState(models.TextChoices):
    """A query that is opened again is open; how often stands beside it."""

    OPEN = "OPEN", _("Open")
    ANSWERED = "ANSWERED", _("Answered: to be closed or opened again")
    ACCEPTED = "ACCEPTED", _("Settled: the value stands, with a reason")
    CLOSED = "CLOSED", _("Closed")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn by who asked")

    @classmethod
    def waiting(cls) -> tuple["QueryState", ...]:
        """Neither settled nor closed: somebody has still to do something."""
        return cls.OPEN, cls.ANSWERED

    @classmethod
    def pending(cls) -> tuple["QueryState", ...]:
        """What a check finds again without asking anew."""
        return cls.OPEN, cls.ANSWERED, cls.ACCEPTED


class RaisedBy(models.TextChoices):
    """Who asks: a check, or a person under the role that decides who may close the query."""

    CHECK = "CHECK", _("Edit check")
    MONITOR = "MONITOR", _("Monitor")
    DATA_MANAGER = "DATA_MANAGER", _("Data manager")


class Severity(models.TextChoices):
    HARD = "HARD", _("Must be resolved before signature")
    SOFT = "SOFT", _("Please confirm or correct")


class Query(RegulatedModel):
    """Asked of the site, about a question, a line, a whole form (both empty) or a visit (form SV).

    A check raises it when data are saved and closes it when they are mended; it never asks twice. A person
    asks in words, and closes it after an answer in words or by a correction. `message` is the question;
    what was said afterwards are its messages. `raised_in` is the event in which it was asked, `state_in`
    the one since which it is in its state.
    """

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="queries")
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    form = models.CharField(_("form"), max_length=12)
    record_id = models.PositiveBigIntegerField()
    row_id = models.PositiveBigIntegerField(null=True, blank=True)
    field = models.CharField(_("field"), max_length=60, blank=True)
    raised_by = models.CharField(
        _("raised by"), max_length=20, choices=RaisedBy.choices, default=RaisedBy.CHECK
    )
    check_id = models.CharField(_("check"), max_length=20, blank=True, default="")
    severity = models.CharField(_("severity"), max_length=5, choices=Severity.choices)
    state = models.CharField(_("state"), max_length=10, choices=QueryState.choices, default=QueryState.OPEN)
    message = models.TextField(_("message"))
    accepted_reason = models.TextField(_("why the value stands"), blank=True, default="")
    reopened = models.PositiveSmallIntegerField(_("times opened again"), default=0)
    version = models.PositiveIntegerField(default=1, editable=False)
    raised_in = models.ForeignKey(
        AuditEvent, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name=_("asked in")
    )
    state_in = models.ForeignKey(
        AuditEvent, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name=_("so since")
    )

    class Meta(RegulatedModel.Meta):
        verbose_name = _("query")
        verbose_name_plural = _("queries")
        ordering = ("-id",)
        indexes = [models.Index(fields=["form", "record_id"], name="query_of_a_form")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ACCEPTED") | ~Q(accepted_reason=""), name="an_accepted_query_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(raised_by="CHECK") & ~Q(check_id="") | ~Q(raised_by="CHECK") & Q(check_id=""),
                name="a_query_is_of_a_check_or_of_a_person",
            ),
            models.UniqueConstraint(
                fields=["check_id", "form", "record_id", "row_id", "field"],
                condition=Q(
                    state__in=("OPEN", "ANSWERED", "ACCEPTED"), raised_by="CHECK", row_id__isnull=False
                ),
                name="one_open_query_per_check_and_row",
            ),
            models.UniqueConstraint(
                fields=["check_id", "form", "record_id", "field"],
                condition=Q(
                    state__in=("OPEN", "ANSWERED", "ACCEPTED"), raised_by="CHECK", row_id__isnull=True
                ),
                name="one_open_query_per_check_and_form",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_id or self.get_raised_by_display()} {self.subject}"

    def save_base(self, *arguments: Any, **options: Any) -> None:
        self.born_in(current_recording().event_id_of(self))
        super().save_base(*arguments, **options)

    def born_in(self, event_id: int) -> None:
        """A query that is new is asked, and open, since this event."""
        self.raised_in_id = self.raised_in_id or event_id
        self.state_in_id = self.state_in_id or event_id

    @property
    def audit_chain_id(self) -> int:
        return self.subject.chain_id

    @property
    def is_of_check(self) -> bool:
        return self.raised_by == RaisedBy.CHECK


class MessageKind(models.TextChoices):
    """What happened to a query after it was asked."""

    ANSWER = "ANSWER", _("Answer")
    CORRECTION = "CORRECTION", _("Correction")
    COMMENT = "COMMENT", _("Comment")
    ACCEPT = "ACCEPT", _("The value stands")
    CLOSE = "CLOSE", _("Closed")
    REOPEN = "REOPEN", _("Opened again")
    WITHDRAW = "WITHDRAW", _("Withdrawn")
    MENDED = "MENDED", _("The check finds it no longer")
    OTHER = "OTHER", _("The check finds something else")
    VOIDED = "VOIDED", _("The form is entered in error")

    @classmethod
    def links(cls) -> tuple["MessageKind", ...]:
        """What follows from a change of data: the event of the message is the one of the change."""
        return cls.CORRECTION, cls.MENDED, cls.OTHER, cls.VOIDED


class QueryMessage(RegulatedModel):
    """A turn in the thread of a query. Who said it and when stands on its event.

    A correction has no words of its own: its event is the one of the change that answered, so it leads from
    the query to the change and from the change to the query.
    """

    query = models.ForeignKey(Query, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(_("kind"), max_length=10, choices=MessageKind.choices)
    text = models.TextField(_("text"), blank=True, default="")
    said_in = models.ForeignKey(
        AuditEvent, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name=_("said in")
    )

    class Meta(RegulatedModel.Meta):
        verbose_name = _("query message")
        verbose_name_plural = _("query messages")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.query_id}"

    @property
    def audit_chain_id(self) -> int:
        return self.query.audit_chain_id
