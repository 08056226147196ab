"""Randomize: shown what stands against it, asked once, done for ever."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.randomize import randomize
from patients.admin.addresses import hub_url
from patients.models import Subject
from patients.selectors import allocation_of, eligibility_findings
from trials.admin.act import act_page, posted
from trials.admin.base import StudyAdmin, user_of


class ConfirmForm(forms.Form):
    confirmed = forms.BooleanField(
        label=gettext_lazy("I have checked the subject code; an allocation is never repeated or undone.")
    )


def randomize_page(admin: StudyAdmin, request: HttpRequest, subject: Subject) -> HttpResponse:
    """The criteria that block, or the question whether to go on."""
    actor = user_of(request)
    context = {
        "title": _("Randomize %(code)s") % {"code": subject.code},
        "submit": _("Randomize now"),
        "subject": subject,
        "back_url": hub_url(subject),
        "findings": eligibility_findings(subject),
        "allocation": allocation_of(subject),
    }
    return act_page(
        admin,
        request,
        form=ConfirmForm(posted(request)),
        act=lambda typed: randomize(actor=actor, subject=subject),
        said=lambda allocation: (
            _("%(code)s is allocated to arm %(arm)s: %(title)s.")
            % {"code": subject.code, "arm": allocation.arm.code, "title": allocation.arm.title}
        ),
        to=hub_url(subject),
        context=context,
        template="study/randomize.html",
    )
