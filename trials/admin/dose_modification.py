"""The dose-modification table, for everybody in the study to read, its approval, prohibited medication."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from trials.actions.dose_modifications import approve_dose_modifications
from trials.admin.act import ReasonField, act_page, posted
from trials.admin.base import WRITING, user_of
from trials.admin.protocol import ProtocolAdmin
from trials.admin.reentry import ReentryForm, reentered
from trials.clinical.words import with_unit
from trials.models import DoseModification, DoseModificationTable, ProhibitedMedication
from trials.roles import Verb, may
from trials.text import plain


class ApprovalForm(ReentryForm):
    change_reason = ReasonField()
    field_order = ("change_reason", "username", "password", "code")


def trigger_of(row: DoseModification) -> str:
    """What a row is about: PLAT: < 75 ×10⁹/L; an event of a group, grade 3 to 4."""
    if row.test:
        signs = ((">", row.above), ("≥", row.at_least), ("<", row.below), ("≤", row.at_most))
        limits = " ".join(f"{sign} {plain(limit)}" for sign, limit in signs if limit is not None)
        judged = f"{row.term}, {grades_of(row)}" if row.term else with_unit(limits, row.unit)
        return f"{row.test}: {judged}"
    whom = str(row.events) if row.events else _("any event")
    if row.events and row.events.asks:
        whom += _(" (“%(question)s” answered yes)") % {"question": row.events.get_asks_display()}
    but = _(" but %(group)s") % {"group": str(row.other_than).lower()} if row.other_than else ""
    return f"{whom}{but}, {grades_of(row)}"


def grades_of(row: DoseModification) -> str:
    """Grade 3; grade 3 to 4; grade 3 or more."""
    if row.grade_to is None:
        return _("grade %(low)s or more") % {"low": row.grade_from}
    if row.grade_from == row.grade_to:
        return _("grade %(low)s") % {"low": row.grade_from}
    return _("grade %(low)s to %(high)s") % {"low": row.grade_from, "high": row.grade_to}


def conditions_of(row: DoseModification) -> list[str]:
    """What a row asks beside its trigger."""
    told = [
        (row.cycle_day, _("day %(day)s of the cycle") % {"day": row.cycle_day}),
        (row.liver_tumor, str(row.get_liver_tumor_display()).lower()),
        (row.baseline_above, _("baseline above %(limit)s x ULN") % {"limit": plain(row.baseline_above)}),
        (
            row.baseline_at_most,
            _("baseline at most %(limit)s x ULN") % {"limit": plain(row.baseline_at_most)},
        ),
        (row.occurrence > 1, _("from the %(number)s. event on") % {"number": row.occurrence}),
        (row.lasting_days, _("for %(days)s days or longer") % {"days": row.lasting_days}),
        (row.within_days, _("result of the last %(days)s days") % {"days": row.within_days}),
        (row.test and not row.required, _("where it is known")),
    ]
    return [words for holds, words in told if holds]


def action_of(row: DoseModification) -> str:
    """What a row asks for: reduce by 1 level; hold, then 1 level lower."""
    words = str(row.get_action_display())
    if row.reduce_levels:
        words += _(" by %(levels)s level") % {"levels": row.reduce_levels}
    if row.reduce_to_percent is not None:
        words += _(" to %(percent)s %%") % {"percent": plain(row.reduce_to_percent)}
    if row.reduce_to_dose is not None:
        words += _(" to %(dose)s (unit of the regimen)") % {"dose": plain(row.reduce_to_dose)}
    if row.resume_levels:
        words += _(", then %(levels)s level lower") % {"levels": row.resume_levels}
    return words


@admin.register(DoseModificationTable)
class DoseModificationTablePage(ProtocolAdmin):
    """Versions; a version with all its rows and levels on one page; its approval."""

    list_display = ("code", "title", "valid_from", "is_assumption", "approved_by", "approved_on", "study")
    related = ("study", "approved_by")
    ordering = ("valid_from",)
    change_form_template = "study/dose_table.html"

    def get_urls(self) -> list[URLPattern]:
        approve = path(
            "<int:pk>/approve/",
            self.admin_site.admin_view(self.approve_view),
            name="trials_dosemodificationtable_approve",
        )
        return [approve, *super().get_urls()]

    def beside(self, request: HttpRequest, record: DoseModificationTable) -> dict[str, Any]:
        rows = DoseModification.objects.filter(table=record).select_related("drug", "events", "other_than")
        return {
            "rows": [
                {
                    "row": row,
                    "trigger": trigger_of(row),
                    "conditions": conditions_of(row),
                    "action": action_of(row),
                }
                for row in rows.order_by("order")
            ],
            "levels": record.levels.select_related("drug").order_by("drug__code", "-starting_dose", "pk"),
            "groups": record.event_groups.order_by("pk"),
            "may_approve": not record.is_approved and self._may_approve(request, record),
        }

    @method_decorator(sensitive_post_parameters("password", "code"))
    def approve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.enter(request, WRITING)
        table, actor = self.found(request, pk), user_of(request)
        if not self._may_approve(request, table):
            self.enter(request, methods=())
        back = reverse("admin:trials_dosemodificationtable_change", args=[table.pk])
        return act_page(
            self,
            request,
            form=ApprovalForm(posted(request)),
            act=lambda typed: approve_dose_modifications(
                actor=actor,
                table=table,
                reason=typed["change_reason"],
                reentry=reentered(typed, request),
            ),
            said=_(
                "The version is approved: its rows are told as expected actions. The command run_checks asks "
                "about the doses recorded so far."
            ),
            to=back,
            context={
                "title": _("Approve %(table)s") % {"table": table},
                "lead": _(
                    "From now on the rows are told beside each dose, and what was given is compared with "
                    "them: a dose that differs is queried (DT01) and a protocol deviation is drafted. Doses "
                    "recorded already are compared too: the command run_checks raises their queries. An "
                    "approved version never changes; what is to be changed is a new version."
                ),
                "submit": _("Approve"),
                "back_url": back,
            },
        )

    def _may_approve(self, request: HttpRequest, table: DoseModificationTable) -> bool:
        return may(user_of(request), Verb.APPROVE_DOSES, study=table.study)


@admin.register(ProhibitedMedication)
class ProhibitedMedicationPage(ProtocolAdmin):
    list_display = ("code", "title", "valid_from", "valid_to", "during_treatment", "days_before_first_dose")
    ordering = ("pk",)
