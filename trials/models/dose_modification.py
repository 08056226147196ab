"""The dose-modification table: versions of it, the levels of each drug, groups of events, and the rows."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trials.clinical.dose_modification import (
    QUESTIONS,
    Action,
    EventTrigger,
    Limits,
    Reduction,
    ResultTrigger,
    Rule,
)
from trials.models.regimen import Drug, Frequency
from trials.models.study import CODE, StudyNoun

NOT_APPROVED = _("not approved for this study")


class DoseModificationTable(StudyNoun):
    """A version of the table. It advises only once the principal investigator has approved it.

    In force on a day is the version with the latest `valid_from` up to it; an approved version never changes.
    """

    code = models.CharField(_("version"), max_length=20, validators=[CODE])
    title = models.CharField(max_length=200)
    valid_from = models.DateField()
    source = models.TextField()
    is_assumption = models.BooleanField(default=True)
    approved_by = models.ForeignKey(
        "trials.User", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    approved_on = models.DateField(null=True, blank=True, editable=False)

    class Meta(StudyNoun.Meta):
        verbose_name = _("dose-modification table")
        verbose_name_plural = _("dose-modification tables")
        ordering = ("study", "valid_from")
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="one_dose_table_per_version"),
            models.UniqueConstraint(fields=["study", "valid_from"], name="one_dose_table_per_day"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_on__isnull=True)
                | Q(approved_by__isnull=False, approved_on__isnull=False),
                name="dose_table_is_approved_by_somebody_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.code}"

    @property
    def is_approved(self) -> bool:
        return self.approved_on is not None


class DoseLevel(StudyNoun):
    """The dose of a drug after a number of reductions, for those who started with a dose.

    Doses in the unit of the regimen (mg, mg/m2). Below the last level the drug is stopped.
    """

    table = models.ForeignKey(DoseModificationTable, on_delete=models.PROTECT, related_name="levels")
    drug = models.ForeignKey(Drug, on_delete=models.PROTECT, related_name="+")
    starting_dose = models.DecimalField(max_digits=9, decimal_places=3)
    reductions = models.PositiveSmallIntegerField()
    dose = models.DecimalField(max_digits=9, decimal_places=3)
    frequency = models.CharField(max_length=10, choices=Frequency.choices)

    class Meta(StudyNoun.Meta):
        verbose_name = _("dose level")
        verbose_name_plural = _("dose levels")
        constraints = [
            models.UniqueConstraint(
                fields=["table", "drug", "starting_dose", "reductions"], name="one_dose_per_level"
            ),
            models.CheckConstraint(
                condition=Q(reductions__gte=1, dose__gt=0), name="dose_levels_count_from_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drug} {self.dose.normalize():f} {self.frequency}"


class EventGroup(StudyNoun):
    """CTCAE terms that rows of a table name together.

    `asks`: a question on the form of the event. Answered no, the event is none of the group; unanswered, it
    is not known whether it is.
    """

    table = models.ForeignKey(DoseModificationTable, on_delete=models.PROTECT, related_name="event_groups")
    code = models.CharField(max_length=30, validators=[CODE])
    title = models.CharField(max_length=200)
    terms = models.JSONField(help_text=_("CTCAE terms"))
    asks = models.CharField(
        _("only where answered yes"), max_length=30, blank=True, choices=list(QUESTIONS.items())
    )

    class Meta(StudyNoun.Meta):
        verbose_name = _("group of events")
        verbose_name_plural = _("groups of events")
        constraints = [models.UniqueConstraint(fields=["table", "code"], name="one_event_group_per_code")]

    def __str__(self) -> str:
        return self.title


class LiverTumor(models.TextChoices):
    WITH = "WITH", _("With tumor in the liver")
    WITHOUT = "WITHOUT", _("Without tumor in the liver")


class DoseAction(models.TextChoices):
    """What a row asks for; giving the planned dose is what remains where no row applies."""

    REDUCE = Action.REDUCE.value, _("Reduce")
    OMIT = Action.OMIT.value, _("Omit this dose")
    HOLD = Action.HOLD.value, _("Hold")
    STOP = Action.STOP.value, _("Stop for good")


def _limit(words: Any) -> Any:
    return models.DecimalField(words, max_digits=12, decimal_places=4, null=True, blank=True)


class DoseModification(StudyNoun):
    """One row: a trigger (a result, or an adverse event) and what is done with one drug.

    A result is named by `test` and judged by limits in `unit` (the test's own, or xULN) or, with `term`, by
    its CTCAE grade. An event is named by `events` (a group) or else is any event but those of `other_than`.
    `within_days`: age of the newest result that counts. `required`: without this result nothing is given.
    """

    table = models.ForeignKey(DoseModificationTable, on_delete=models.PROTECT, related_name="rows")
    code = models.CharField(max_length=20, validators=[CODE])
    drug = models.ForeignKey(Drug, on_delete=models.PROTECT, related_name="+")
    test = models.CharField(max_length=20, blank=True, help_text=_("Laboratory test, or a derived value"))
    unit = models.CharField(max_length=30, blank=True, help_text=_("UCUM unit of the limits, or xULN"))
    term = models.CharField(
        max_length=120, blank=True, help_text=_("CTCAE term by which the result is graded")
    )
    above = _limit(_("above"))
    at_least = _limit(_("at least"))
    below = _limit(_("below"))
    at_most = _limit(_("at most"))
    baseline_above = _limit(_("baseline above (xULN)"))
    baseline_at_most = _limit(_("baseline at most (xULN)"))
    within_days = models.PositiveSmallIntegerField(null=True, blank=True)
    required = models.BooleanField(default=True)
    events = models.ForeignKey(
        EventGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="rows"
    )
    other_than = models.ForeignKey(
        EventGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    grade_from = models.PositiveSmallIntegerField(null=True, blank=True)
    grade_to = models.PositiveSmallIntegerField(null=True, blank=True)
    occurrence = models.PositiveSmallIntegerField(default=1, help_text=_("2: from the second event on"))
    lasting_days = models.PositiveSmallIntegerField(default=0)
    related = models.BooleanField(default=True, help_text=_("Only events that the drug may have caused"))
    liver_tumor = models.CharField(max_length=10, choices=LiverTumor.choices, blank=True)
    cycle_day = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Only for the dose of this day of a cycle")
    )
    action = models.CharField(max_length=10, choices=DoseAction.choices)
    reduce_levels = models.PositiveSmallIntegerField(default=0)
    reduce_to_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    reduce_to_dose = models.DecimalField(
        max_digits=9, decimal_places=3, null=True, blank=True, help_text=_("In the unit of the regimen")
    )
    resume = models.CharField(max_length=300, blank=True, help_text=_("When a held drug is given again"))
    resume_levels = models.PositiveSmallIntegerField(
        default=0, help_text=_("Levels by which a held drug comes back reduced")
    )
    text = models.TextField()
    source = models.CharField(max_length=200, blank=True)
    order = models.PositiveSmallIntegerField()

    class Meta(StudyNoun.Meta):
        verbose_name = _("dose modification")
        verbose_name_plural = _("dose modifications")
        ordering = ("order",)
        constraints = [
            models.UniqueConstraint(fields=["table", "code"], name="one_dose_modification_per_code")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    def rule(self, test_name: str = "") -> Rule:
        """The row as the clinical functions read it; `test_name` names the test in messages.

        Raises ValueError for a row that says nothing or two things.
        """
        groups = {"terms": self.events, "other_than": self.other_than}
        terms = {name: frozenset(group.terms) if group else frozenset() for name, group in groups.items()}
        values = {field.attname: getattr(self, field.attname) for field in self._meta.concrete_fields}
        values["asks"] = self.events.asks if self.events else ""
        return rule_of(values, terms, test_name or self.test)


def rule_of(row: dict[str, Any], terms: dict[str, frozenset[str]], test_name: str) -> Rule:
    """A rule from the values of a row by field name, with what its group `asks`.

    Raises ValueError with the reason.
    """
    reductions = (row["reduce_levels"], row["reduce_to_percent"], row["reduce_to_dose"])
    reduction = Reduction(*reductions) if any(each for each in reductions) else None
    return Rule(
        code=row["code"],
        action=Action(row["action"]),
        trigger=_result(row, test_name) if row["test"] else _event(row, terms),
        text=row["text"],
        reduction=reduction,
        resume=row["resume"],
        resume_levels=row["resume_levels"],
        cycle_day=row["cycle_day"],
        liver_tumor={"": None, LiverTumor.WITH: True, LiverTumor.WITHOUT: False}[row["liver_tumor"]],
    )


def _result(row: dict[str, Any], test_name: str) -> ResultTrigger:
    if row["within_days"] is None:
        raise ValueError("within_days is required for a result")
    if row["events_id"] or row["other_than_id"] or row["lasting_days"] or row["occurrence"] != 1:
        raise ValueError("a row is about a result or about an event, not both")
    numbers = {name: row[name] for name in ("above", "at_least", "below", "at_most")}
    if row["term"] and any(value is not None for value in numbers.values()):
        raise ValueError("a result is judged by its number or by its grade, not both")
    baseline = {"above": row["baseline_above"], "at_most": row["baseline_at_most"]}
    return ResultTrigger(
        test=row["test"],
        name=test_name,
        within_days=row["within_days"],
        limits=_grades(row) if row["term"] else Limits(**numbers),
        unit=row["unit"],
        term=row["term"],
        required=row["required"],
        baseline=Limits(**baseline) if any(each is not None for each in baseline.values()) else None,
    )


def _event(row: dict[str, Any], terms: dict[str, frozenset[str]]) -> EventTrigger:
    if row["grade_from"] is None or row["grade_to"] is None:
        raise ValueError("grade_from and grade_to are required for an event")
    return EventTrigger(
        grades=frozenset(range(row["grade_from"], row["grade_to"] + 1)),
        terms=terms["terms"],
        other_than=terms["other_than"],
        occurrence=row["occurrence"],
        lasting_days=row["lasting_days"],
        related=row["related"],
        asks=row["asks"],
    )


def _grades(row: dict[str, Any]) -> Limits:
    lowest, highest = (
        None if row[name] is None else Decimal(row[name]) for name in ("grade_from", "grade_to")
    )
    return Limits(at_least=lowest, at_most=highest)
