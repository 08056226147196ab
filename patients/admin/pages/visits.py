"""Visits and cycles: took place, did not, was unscheduled, comes next."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.schedule import WAITING
from patients.actions.visits import WHY_LENGTH, add_unscheduled_visit, miss_visit, open_cycle, open_visit
from patients.admin.addresses import hub_url
from patients.models import Subject, Visit
from patients.selectors import visits_of
from trials.admin.act import ReasonField, act_page, day_field, posted
from trials.admin.base import StudyAdmin, user_of


class VisitForm(forms.Form):
    """What both say about a visit: the version that was seen and, for a correction, the reason."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def __init__(self, *arguments: Any, visit: Visit, **options: Any) -> None:
        options["initial"] = {"version": visit.version, **options.get("initial", {})}
        super().__init__(*arguments, **options)
        if visit.status not in WAITING:
            self.fields["change_reason"] = ReasonField()


class OpenForm(VisitForm):
    occurred_on = day_field(gettext_lazy("Day of the visit"))


class MissedForm(VisitForm):
    missed_reason = forms.CharField(label=gettext_lazy("Why it did not take place"), max_length=WHY_LENGTH)


class UnscheduledForm(forms.Form):
    occurred_on = day_field(gettext_lazy("Day of the visit"))
    unscheduled_reason = forms.CharField(
        label=gettext_lazy("Why the visit was needed"), max_length=WHY_LENGTH
    )


class NextCycleForm(forms.Form):
    """Nothing to type: the day follows from the last cycle."""


def _visit(subject: Subject, key: int) -> Visit:
    visit = visits_of(subject).select_related("subject__site", "definition", "cycle").filter(pk=key).first()
    if visit is None:
        raise Http404
    return visit


def open_page(admin: StudyAdmin, request: HttpRequest, subject: Subject, visit: int) -> HttpResponse:
    """The visit took place; or, later, its day is corrected."""
    found, actor = _visit(subject, visit), user_of(request)
    planned = found.occurred_on or found.planned_on
    initial = {"occurred_on": planned.isoformat() if planned else ""}
    return act_page(
        admin,
        request,
        form=OpenForm(posted(request), visit=found, initial=initial),
        act=lambda typed: open_visit(
            actor=actor,
            visit=found,
            occurred_on=typed["occurred_on"],
            version=typed["version"],
            reason=typed.get("change_reason"),
        ),
        said=_("The visit %(code)s took place.") % {"code": found.code},
        to=hub_url(subject),
        context=_about(subject, found, _("Visit took place")),
    )


def missed_page(admin: StudyAdmin, request: HttpRequest, subject: Subject, visit: int) -> HttpResponse:
    found, actor = _visit(subject, visit), user_of(request)
    return act_page(
        admin,
        request,
        form=MissedForm(posted(request), visit=found, initial={"missed_reason": found.missed_reason}),
        act=lambda typed: miss_visit(
            actor=actor,
            visit=found,
            why=typed["missed_reason"],
            version=typed["version"],
            reason=typed.get("change_reason"),
        ),
        said=_("The visit %(code)s is recorded as missed.") % {"code": found.code},
        to=hub_url(subject),
        context=_about(subject, found, _("Visit did not take place")),
    )


def unscheduled_page(admin: StudyAdmin, request: HttpRequest, subject: Subject) -> HttpResponse:
    actor = user_of(request)
    return act_page(
        admin,
        request,
        form=UnscheduledForm(posted(request)),
        act=lambda typed: add_unscheduled_visit(
            actor=actor, subject=subject, occurred_on=typed["occurred_on"], why=typed["unscheduled_reason"]
        ),
        said=lambda made: _("The visit %(code)s is added.") % {"code": made.code},
        to=hub_url(subject),
        context={
            "title": _("Unscheduled visit"),
            "submit": _("Add visit"),
            "subject": subject,
            "back_url": hub_url(subject),
        },
    )


def cycle_page(admin: StudyAdmin, request: HttpRequest, subject: Subject) -> HttpResponse:
    actor = user_of(request)
    return act_page(
        admin,
        request,
        form=NextCycleForm(posted(request)),
        act=lambda typed: open_cycle(actor=actor, subject=subject),
        said=lambda cycle: (
            _("Cycle %(number)s is planned from %(day)s.") % {"number": cycle.number, "day": cycle.planned_on}
        ),
        to=hub_url(subject),
        context={
            "title": _("Plan the next cycle"),
            "lead": _("Counted from the day on which the last cycle started, so a delay moves what follows."),
            "submit": _("Plan cycle"),
            "subject": subject,
            "back_url": hub_url(subject),
        },
    )


def _about(subject: Subject, visit: Visit, title: str) -> dict[str, Any]:
    return {
        "title": f"{visit.code} · {title}",
        "subject": subject,
        "submit": _("Save"),
        "back_url": hub_url(subject),
    }
