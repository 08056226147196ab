"""Say that a randomization should not have been: a protocol deviation; nothing is undone."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.randomization_error import RandomizationErrorKind, record_randomization_error
from patients.admin.addresses import hub_url
from patients.models import Subject, YesNo
from trials.admin.act import ReasonField, act_page, posted
from trials.admin.base import StudyAdmin, user_of


class ErrorForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What was wrong"), choices=RandomizationErrorKind.choices)
    important = forms.ChoiceField(label=gettext_lazy("Important?"), choices=YesNo.choices)
    change_reason = ReasonField(label=gettext_lazy("What happened"))


def error_page(admin: StudyAdmin, request: HttpRequest, subject: Subject) -> HttpResponse:
    actor = user_of(request)
    return act_page(
        admin,
        request,
        form=ErrorForm(posted(request)),
        act=lambda typed: record_randomization_error(
            actor=actor,
            subject=subject,
            kind=typed["kind"],
            important=typed["important"],
            reason=typed["change_reason"],
        ),
        said=_("The deviation is recorded; the allocation stays as it is."),
        to=hub_url(subject),
        context={
            "title": _("Error of randomization · %(code)s") % {"code": subject.code},
            "lead": _("A randomization is never undone: the subject keeps slot and arm."),
            "submit": _("Record the deviation"),
            "subject": subject,
            "back_url": hub_url(subject),
        },
    )
