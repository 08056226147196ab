"""What every form of the casebook shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trials.models import RegulatedModel


class EntryState(models.TextChoices):
    IN_PROGRESS = "IN_PROGRESS", _("In progress")
    COMPLETE = "COMPLETE", _("Complete")
    NOT_DONE = "NOT_DONE", _("Not done")


class MissingReason(models.TextChoices):
    """Why a field has no value although it was asked."""

    NOT_DONE = "NOT_DONE", _("Not done")
    UNKNOWN = "UNKNOWN", _("Unknown")
    NOT_APPLICABLE = "NOT_APPLICABLE", _("Not applicable")


class YesNo(models.TextChoices):
    """CDISC codelist C66742 (NY), the two answers a person gives."""

    YES = "Y", _("Yes")
    NO = "N", _("No")


def is_yes(answer: str | None) -> bool | None:
    """A yes or no as a truth; None where nothing was answered."""
    return YesNo(answer) is YesNo.YES if answer else None


class FormGroup(models.TextChoices):
    """Parts of the casebook, in the order in which a coordinator meets them."""

    SCREENING = "SCREENING", _("Screening")
    EXAMINATION = "EXAMINATION", _("Examinations")
    TREATMENT = "TREATMENT", _("Treatment")
    SAFETY = "SAFETY", _("Safety")
    TUMOR = "TUMOR", _("Tumor")
    FOLLOW_UP = "FOLLOW-UP", _("End of treatment and follow-up")
    CONDUCT = "CONDUCT", _("Conduct of the study")
    OTHER = "OTHER", _("Other")


@dataclass(frozen=True)
class Answered:
    """An answer that was given: a question of the form, and the codes of which it is one."""

    question: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A part of a long form: what is answered together, under a title.

    `questions` are names of fields in the order in which they are asked; the name of rows stands for their
    table. `only_if`: the answer after which the part is asked; without it, it is always asked.
    """

    title: Any
    questions: tuple[str, ...]
    only_if: Answered | None = None


@dataclass(frozen=True)
class Form:
    """What a form says about itself.

    `oid` names it on every face; `path` is its plural in the REST contract; `repeats`: more than one per
    visit (or per subject); `at_visit`: belongs to a visit; `rows`: the models of its rows by the name
    they have in a request; `version` grows when the meaning of a question changes; `dated_by`: the
    question whose answer is the day on which what the form tells took place (the earliest, where it tells
    of a stretch of time); empty: the day of its visit; `group` and `place`: where it stands in the casebook;
    `parts`: how its questions are grouped on a page, for a long form; `headline`: the questions by which
    two of its kind are told apart, each with its words around the answer (`{}`).
    """

    oid: str
    path: str
    title: Any
    domain: str
    repeats: bool = False
    at_visit: bool = True
    version: int = 1
    dated_by: str = ""
    group: FormGroup = FormGroup.OTHER
    place: int = 0
    rows: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    headline: Mapping[str, Any] = field(default_factory=dict)


class Entry(RegulatedModel):
    """Common to forms and rows: number, version, reasons for absence, entered in error."""

    repeat = models.PositiveIntegerField(default=1, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    missing_reasons = models.JSONField(default=dict, blank=True)
    entered_in_error = models.BooleanField(default=False, editable=False)
    external_id = models.CharField(max_length=100, blank=True, default="")

    class Meta(RegulatedModel.Meta):
        abstract = True


class CaseReportForm(Entry):
    """One filled form of one subject.

    A repeat number is given by the server under the subject's lock. `version` is what If-Match names.
    """

    form: ClassVar[Form]

    subject = models.ForeignKey("patients.Subject", on_delete=models.PROTECT, related_name="%(class)ss")
    visit = models.ForeignKey(
        "patients.Visit", on_delete=models.PROTECT, related_name="%(class)ss", null=True, blank=True
    )
    entry_state = models.CharField(
        max_length=12, choices=EntryState.choices, default=EntryState.IN_PROGRESS, editable=False
    )
    not_done_reason = models.CharField(max_length=200, blank=True, default="")
    form_version = models.PositiveSmallIntegerField(default=1, editable=False)
    protocol_version = models.CharField(max_length=40, editable=False)

    class Meta(Entry.Meta):
        abstract = True
        ordering = ("subject", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "visit", "repeat"],
                condition=Q(visit__isnull=False),
                name="%(class)s_once_a_visit",
            ),
            models.UniqueConstraint(
                fields=["subject", "repeat"], condition=Q(visit__isnull=True), name="%(class)s_once_a_subject"
            ),
            models.UniqueConstraint(
                fields=["subject", "external_id"],
                condition=~Q(external_id="") & Q(entered_in_error=False),
                name="%(class)s_external_id",
            ),
            models.CheckConstraint(
                condition=~Q(entry_state=EntryState.NOT_DONE) | ~Q(not_done_reason=""),
                name="%(class)s_not_done_reason",
            ),
        ]

    def __str__(self) -> str:
        place = f"{self.subject} {self.visit.code}" if self.visit else str(self.subject)
        return f"{self.form.title} {place} {self.repeat}"

    @property
    def audit_chain_id(self) -> int:
        return self.subject.chain_id


class Row(Entry):
    """A line of a form. `parent` is the form; `repeat` counts the lines within it."""

    parent: Any

    class Meta(Entry.Meta):
        abstract = True
        ordering = ("parent", "repeat")
        constraints = [
            models.UniqueConstraint(fields=["parent", "repeat"], name="%(class)s_once_in_its_form")
        ]

    def __str__(self) -> str:
        return f"{self.parent} / {self.repeat}"

    @property
    def audit_chain_id(self) -> int:
        return self.parent.audit_chain_id
