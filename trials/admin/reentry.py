"""Username and password entered anew on a page, for an act that asks for it."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from trials.actions.credentials import PASSWORD_LIMIT
from trials.actions.errors import Refused
from trials.actions.reentry import Reentered

SHOWN_AS = (403, 409, 412, 429)
"""Refusals that a page answers with their own status; others are shown as a page that is filled in again."""


class ReentryForm(forms.Form):
    """The three fields. The password is never written back into the page."""

    username = forms.CharField(
        label=_("Your username"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=_("Your password"),
        max_length=PASSWORD_LIMIT,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=False),
    )
    code = forms.CharField(
        label=_("Code of your second factor"),
        max_length=40,
        required=False,
        help_text=_("Only where your account has one"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )


def reentered(typed: dict[str, Any], request: HttpRequest) -> Reentered:
    """What was typed into the fields."""
    return Reentered(
        username=typed["username"], password=typed["password"], code=typed["code"], request=request
    )


def status_shown(refusal: Refused) -> int:
    """The HTTP status of a page that shows why credentials, or what they were for, were refused."""
    return refusal.status if refusal.status in SHOWN_AS else 200
