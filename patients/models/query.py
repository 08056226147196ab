"""A question that a check asks about a form."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models.subject import Subject
from trials.models import RegulatedModel


class QueryState(models.TextChoices):
    OPEN = "OPEN", _("Open")
    ACCEPTED = "ACCEPTED", _("Settled: the value stands, with a reason")
    CLOSED = "CLOSED", _("Closed: the data were mended")

    @classmethod
    def pending(cls) -> tuple["QueryState", ...]:
        """What a check finds again without asking anew."""
        return cls.OPEN, cls.ACCEPTED


class Severity(models.TextChoices):
    HARD = "HARD", _("Must be resolved before signature")
    SOFT = "SOFT", _("Please confirm or correct")


class Query(RegulatedModel):
    """Raised by a check when data are saved, closed by it when they are mended; never raised twice."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="queries")
    form = models.CharField(_("form"), max_length=12)
    record_id = models.PositiveBigIntegerField()
    row_id = models.PositiveBigIntegerField(null=True, blank=True)
    field = models.CharField(_("field"), max_length=60, blank=True)
    check_id = models.CharField(_("check"), max_length=20)
    severity = models.CharField(_("severity"), max_length=5, choices=Severity.choices)
    state = models.CharField(_("state"), max_length=8, choices=QueryState.choices, default=QueryState.OPEN)
    message = models.TextField(_("message"))
    accepted_reason = models.TextField(_("why the value stands"), blank=True, default="")

    class Meta(RegulatedModel.Meta):
        verbose_name = _("query")
        verbose_name_plural = _("queries")
        ordering = ("-id",)
        indexes = [models.Index(fields=["form", "record_id"], name="query_of_a_form")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ACCEPTED") | ~Q(accepted_reason=""), name="an_accepted_query_has_a_reason"
            ),
            models.UniqueConstraint(
                fields=["check_id", "form", "record_id", "row_id", "field"],
                condition=Q(state__in=("OPEN", "ACCEPTED"), row_id__isnull=False),
                name="one_open_query_per_check_and_row",
            ),
            models.UniqueConstraint(
                fields=["check_id", "form", "record_id", "field"],
                condition=Q(state__in=("OPEN", "ACCEPTED"), row_id__isnull=True),
                name="one_open_query_per_check_and_form",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_id} {self.subject}"

    @property
    def audit_chain_id(self) -> int:
        return self.subject.chain_id
