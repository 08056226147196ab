"""Enroll a subject."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.enroll import enroll
from patients.admin.addresses import hub_url
from patients.models import Subject
from patients.selectors import subjects
from trials.admin.act import act_page, day_field, posted
from trials.admin.base import StudyAdmin, user_of
from trials.audit import clock
from trials.models import Site, User
from trials.roles import Verb, scope


class EnrollForm(forms.Form):
    """The site and the day; number and code are given by the server."""

    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    screened_on = day_field(
        gettext_lazy("First day of screening"),
        help_text=gettext_lazy("YYYY-MM-DD; the day from which the screening visit is counted"),
    )
    previous = forms.ModelChoiceField(
        Subject.objects.none(),
        label=gettext_lazy("Earlier screening failure of the same person"),
        required=False,
        help_text=gettext_lazy("Only where the person is screened again; type the beginning of the code"),
    )

    def __init__(self, *arguments: Any, actor: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        site: Any = self.fields["site"]
        site.queryset = enrolling_sites(actor)
        previous: Any = self.fields["previous"]
        previous.queryset = subjects(actor).filter(site__in=enrolling_sites(actor))
        previous.widget = AutocompleteSelect(Subject._meta.get_field("previous"), admin.site)
        previous.widget.choices = previous.choices


def enroll_page(admin_page: StudyAdmin, request: HttpRequest) -> HttpResponse:
    """Ask for site and day; on success go to the new casebook."""
    actor = user_of(request)
    form = EnrollForm(posted(request), actor=actor, initial={"screened_on": _today(actor)})
    return act_page(
        admin_page,
        request,
        form=form,
        act=lambda typed: enroll(
            actor=actor,
            site=typed["site"],
            screened_on=typed["screened_on"],
            previous=typed["previous"],
        ),
        said=lambda subject: _("%(code)s is enrolled.") % {"code": subject.code},
        to=hub_url,
        context={
            "title": _("Enroll a subject"),
            "lead": _(
                "The subject gets the next number of the site. No name, no initials, no date of birth."
            ),
            "submit": _("Enroll"),
            "media": form.media,
        },
    )


def enrolling_sites(actor: User) -> QuerySet[Site]:
    """The sites at which the user may enroll."""
    where = scope(actor, Verb.ENROLL)
    return Site.objects.filter(Q(study_id__in=where.studies) | Q(pk__in=where.sites)).order_by("code")


def _today(actor: User) -> str:
    site = enrolling_sites(actor).first()
    return clock.today(site.time_zone).isoformat() if site else ""
