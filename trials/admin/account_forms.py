"""The forms about accounts, roles, passwords and second factors."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trials.access import managed_studies
from trials.actions.credentials import PASSWORD_LIMIT, named, of_password
from trials.actions.errors import LockedOut, WrongCredentials
from trials.actions.lockouts import Lockout
from trials.admin.act import ReasonField, day_field
from trials.models import Role, Site, Study, User
from trials.models.staff import USERNAME

PASSWORD_DOOR = "page of the own password"  # noqa: S105


def password_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=PASSWORD_LIMIT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class TwicePasswordForm(forms.Form):
    """A new password, typed twice."""

    password = password_field(gettext_lazy("New password"))
    again = password_field(gettext_lazy("New password again"))

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if "password" in typed and "again" in typed and typed["password"] != typed["again"]:
            self.add_error("again", _("The two passwords differ."))
        return typed


class NewAccountForm(TwicePasswordForm):
    username = forms.CharField(
        label=gettext_lazy("Username"),
        max_length=60,
        validators=[USERNAME],
        help_text=gettext_lazy("Never given to anybody else later."),
    )
    full_name = forms.CharField(label=gettext_lazy("Full name"), max_length=120, required=False)
    valid_until = day_field(
        gettext_lazy("Last day of the account"),
        required=False,
        help_text=gettext_lazy("Empty: without an end."),
    )
    field_order = ("username", "full_name", "valid_until", "password", "again")


class ResetPasswordForm(TwicePasswordForm):
    change_reason = ReasonField()


class ReasonForm(forms.Form):
    change_reason = ReasonField()


class LastDayForm(forms.Form):
    """The last day of an account; empty takes the end away."""

    valid_until = day_field(gettext_lazy("Last day of the account"), required=False)
    change_reason = ReasonField()


class LiftForm(forms.Form):
    """Which lockout to lift, and why."""

    lockout = forms.ChoiceField(label=gettext_lazy("Account or address"))
    change_reason = ReasonField()

    def __init__(self, *arguments: Any, lockouts: Iterable[Lockout], **options: Any) -> None:
        super().__init__(*arguments, **options)
        chosen: Any = self.fields["lockout"]
        chosen.choices = [(each.key, each.key) for each in lockouts]


class CodeForm(forms.Form):
    """A code of the second factor, or a recovery code."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy("The six digits that your app shows now, or a recovery code."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "text",
                "autofocus": True,
                "spellcheck": "false",
            }
        ),
    )


class AssignmentForm(forms.Form):
    """A role for a user, limited to the studies that the administrator manages."""

    user = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("User"), to_field_name="username")
    study = forms.ModelChoiceField(Study.objects.none(), label=gettext_lazy("Study"))
    role = forms.ChoiceField(choices=Role.choices, label=gettext_lazy("Role"))
    site = forms.ModelChoiceField(
        Site.objects.none(),
        label=gettext_lazy("Site"),
        required=False,
        empty_label=gettext_lazy("Every site of the study"),
    )
    valid_from = day_field(gettext_lazy("First day"))
    valid_to = day_field(gettext_lazy("Last day"), required=False)
    trained_on = day_field(
        gettext_lazy("Trained on"),
        required=False,
        help_text=gettext_lazy(
            "The day of the training for this role; without it the role reads but does not write"
        ),
    )

    def __init__(self, *arguments: Any, actor: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        studies = managed_studies(actor)
        users: Any = self.fields["user"]
        users.queryset = User.objects.filter(is_active=True, is_system=False).order_by("username")
        study: Any = self.fields["study"]
        study.queryset = studies
        site: Any = self.fields["site"]
        site.queryset = Site.objects.filter(study__in=studies).order_by("code")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        site, study = typed.get("site"), typed.get("study")
        if site is not None and study is not None and site.study_id != study.pk:
            self.add_error("site", _("The site does not belong to this study."))
        return typed


class EndForm(forms.Form):
    last_day = day_field(gettext_lazy("Last day of the role"))
    change_reason = ReasonField()


class TrainingForm(forms.Form):
    trained_on = day_field(gettext_lazy("Day of the training"))
    change_reason = ReasonField()


class OwnPasswordForm(TwicePasswordForm):
    """One's own password: the present one is asked, so that an open screen is not enough.

    A wrong one counts toward the lockout, as at every other door.
    """

    old_password = forms.CharField(
        label=gettext_lazy("Present password"),
        strip=False,
        max_length=PASSWORD_LIMIT,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ("old_password", "password", "again")

    def __init__(self, *arguments: Any, user: User, request: HttpRequest, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.user, self.request = user, request

    def clean_old_password(self) -> str:
        typed: str = self.cleaned_data["old_password"]
        try:
            of_password(
                username=self.user.username, password=typed, request=named(self.request, PASSWORD_DOOR)
            )
        except LockedOut as refusal:
            raise forms.ValidationError(refusal.errors["detail"]) from None
        except WrongCredentials:
            raise forms.ValidationError(_("This is not your present password.")) from None
        return typed
