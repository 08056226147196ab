"""Protocol data: read by everybody in the study, changed by loading a protocol file, never typed here."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet

from trials.admin.base import StudyAdmin
from trials.models import (
    Arm,
    AtomicCriterion,
    Criterion,
    DoseBand,
    Drug,
    Laboratory,
    LabTest,
    LabUnit,
    Reference,
    RegimenElement,
    ScheduledForm,
    Site,
    Study,
    StudyContact,
    StudySetting,
    User,
    VisitDefinition,
)
from trials.roles import sites_of, studies_of


class ProtocolAdmin(StudyAdmin):
    """Rows of the studies whose protocol the user may read."""

    related: tuple[str, ...] = ("study",)

    def visible_to(self, user: User) -> QuerySet[Any]:
        rows = self.model._default_manager.filter(study__in=studies_of(user))
        return rows.select_related(*self.related)


@admin.register(Study)
class StudyPage(StudyAdmin):
    list_display = ("code", "registry_id", "title", "phase", "recruitment_status", "protocol_version")
    exclude = ("chain",)
    search_fields = ("code", "registry_id")
    ordering = ("code",)

    def visible_to(self, user: User) -> QuerySet[Study]:
        return studies_of(user)


@admin.register(Site)
class SitePage(StudyAdmin):
    list_display = ("code", "name", "city", "country", "time_zone", "study")
    exclude = ("chain",)
    search_fields = ("code", "name")
    ordering = ("code",)

    def visible_to(self, user: User) -> QuerySet[Site]:
        return sites_of(user).select_related("study")


@admin.register(Laboratory)
class LaboratoryPage(StudyAdmin):
    list_display = ("code", "name", "site")
    search_fields = ("code", "name")
    ordering = ("code",)

    def visible_to(self, user: User) -> QuerySet[Laboratory]:
        return Laboratory.objects.filter(site__in=sites_of(user)).select_related("site", "study")


@admin.register(Arm)
class ArmPage(ProtocolAdmin):
    list_display = ("code", "title", "ratio", "study")
    ordering = ("code",)


@admin.register(Drug)
class DrugPage(ProtocolAdmin):
    list_display = ("code", "name", "route", "study")
    ordering = ("code",)


@admin.register(RegimenElement)
class RegimenPage(ProtocolAdmin):
    list_display = ("arm", "drug", "rule", "dose", "unit", "frequency", "days", "cycle_length_days")
    related = ("study", "arm", "drug")
    ordering = ("arm__code", "drug__code")


@admin.register(DoseBand)
class DoseBandPage(ProtocolAdmin):
    list_display = ("element", "from_kg", "below_kg", "dose_mg")
    related = ("study", "element__arm", "element__drug")
    ordering = ("element__arm__code", "from_kg")


@admin.register(VisitDefinition)
class VisitDefinitionPage(ProtocolAdmin):
    list_display = (
        "code",
        "title",
        "epoch",
        "anchor",
        "day",
        "window_before_days",
        "window_after_days",
        "arm",
    )
    related = ("study", "arm")
    ordering = ("order",)


@admin.register(ScheduledForm)
class ScheduledFormPage(ProtocolAdmin):
    list_display = ("visit", "form", "panel", "first_cycle_only")
    related = ("study", "visit")
    ordering = ("visit__order", "form")


@admin.register(Criterion)
class CriterionPage(ProtocolAdmin):
    list_display = ("kind", "number", "text")
    ordering = ("-kind", "number")


@admin.register(AtomicCriterion)
class AtomicCriterionPage(ProtocolAdmin):
    list_display = ("code", "question", "evaluation", "variable", "operator", "threshold", "unit")
    related = ("study", "criterion")
    ordering = ("order",)


@admin.register(LabTest)
class LabTestPage(ProtocolAdmin):
    list_display = ("code", "name", "panel", "specimen", "unit", "result_kind")
    search_fields = ("code", "name")
    ordering = ("order",)


@admin.register(LabUnit)
class LabUnitPage(ProtocolAdmin):
    list_display = ("test", "code")
    related = ("study", "test")
    ordering = ("test__order", "code")


@admin.register(StudySetting)
class StudySettingPage(ProtocolAdmin):
    list_display = ("key", "value", "unit", "is_assumption", "description")
    ordering = ("key",)


@admin.register(StudyContact)
class StudyContactPage(ProtocolAdmin):
    list_display = ("name", "role", "affiliation", "city")
    ordering = ("name",)


@admin.register(Reference)
class ReferencePage(ProtocolAdmin):
    list_display = ("pubmed_id", "kind", "citation")
    ordering = ("pubmed_id",)


def ranges_in_reach(user: User) -> Q:
    """Reference ranges of the laboratories of the sites the user may know of."""
    return Q(laboratory__site__in=sites_of(user))
