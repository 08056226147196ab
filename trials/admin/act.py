"""A page with one form that calls one action: ask, show what is refused where it was typed, or go on."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from trials.actions.errors import Refused
from trials.admin.base import StudyAdmin
from trials.roles import NotPermitted

REPLAY = 200
"""A page that shows what was refused is a page, as Django's own forms have it; conflicts say 409 or 412,
and what is frozen or locked 423."""


class ReasonField(forms.CharField):
    """Why; asked for every change after a first entry."""

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "label": _("Reason for change"),
            "max_length": 500,
            "required": False,  # the action asks for it, in the same words on every face
            "widget": forms.Textarea(attrs={"rows": 2}),
        }
        super().__init__(**(defaults | options))


def day_field(label: Any, **options: Any) -> forms.DateField:
    """A full date as the record writes it; no other order of day and month is guessed."""
    widget = forms.TextInput(
        attrs={"placeholder": "YYYY-MM-DD", "autocomplete": "off", "inputmode": "numeric"}
    )
    told = {"invalid": _("This is no day of the calendar written as YYYY-MM-DD.")}
    return forms.DateField(
        label=label, widget=widget, input_formats=["%Y-%m-%d"], error_messages=told, **options
    )


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent; None for a page that is only looked at. An empty POST is sent too."""
    return request.POST if request.method == "POST" else None


def status_of(refusal: Refused) -> int:
    """HTTP status of the page that replays a refusal."""
    return refusal.status if refusal.status in (409, 412, 423) else REPLAY


def show_errors(form: forms.Form, errors: Mapping[str, Any]) -> None:
    """Put each message at its field; what belongs to no field goes to the head of the form."""
    for name, told in errors.items():
        for message in [told] if isinstance(told, str) else told:
            if name in form.fields:
                form.add_error(name, str(message))
            elif name in ("detail", "__all__"):
                form.add_error(None, str(message))
            else:
                form.add_error(None, f"{name}: {message}")


def act_page(
    admin: StudyAdmin,
    request: HttpRequest,
    *,
    form: forms.Form,
    act: Callable[[dict[str, Any]], Any],
    said: str | Callable[[Any], str],
    to: str | Callable[[Any], str],
    context: dict[str, Any],
    template: str = "study/act.html",
) -> HttpResponse:
    """Show the form; on POST call `act` with what was typed, say `said` and go `to`.

    `context` needs `title` and `submit` (the words on the button). Raises PermissionDenied where the
    action does not allow the user.
    """
    status = REPLAY
    if request.method == "POST" and form.is_valid():
        try:
            result = act(form.cleaned_data)
        except NotPermitted as refusal:
            raise PermissionDenied from refusal
        except Refused as refusal:
            show_errors(form, refusal.errors)
            status = status_of(refusal)
        except ValidationError as refusal:
            show_errors(form, _messages(form, refusal))
        else:
            messages.success(request, said(result) if callable(said) else said)
            return redirect(to(result) if callable(to) else to)
    return admin.page(request, template, {"form": form, **context}, status=status)


def _messages(form: forms.Form, refusal: ValidationError) -> dict[str, Any]:
    if hasattr(refusal, "error_dict"):
        return refusal.message_dict
    # The rules for passwords name no field.
    return {"password" if "password" in form.fields else "__all__": refusal.messages}
