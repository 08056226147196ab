"""Accounts and assignments, for administrators only; every change is an action of trials/actions/accounts."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trials.actions import accounts
from trials.admin.act import ReasonField, act_page, day_field, posted
from trials.admin.base import WRITING, StudyAdmin, user_of
from trials.audit import clock
from trials.models import Assignment, Role, Site, Study, User
from trials.models.staff import USERNAME
from trials.roles import Verb, may, scope


def managed_studies(user: User) -> QuerySet[Study]:
    """The studies in which the user may assign roles."""
    if user.is_superuser and user.is_active:
        return Study.objects.all()
    return Study.objects.filter(pk__in=scope(user, Verb.MANAGE_ACCOUNTS).studies)


def password_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=500,
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
    field_order = ("username", "full_name", "password", "again")


class ResetPasswordForm(TwicePasswordForm):
    change_reason = ReasonField()


class ReasonForm(forms.Form):
    change_reason = ReasonField()


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


class AccountsAdmin(StudyAdmin):
    """What only administrators see."""

    verb = Verb.MANAGE_ACCOUNTS
    hidden = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(user_of(request), self.verb)

    def own_url(self, name: str, *arguments: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=arguments)


@admin.register(User)
class UserPage(AccountsAdmin):
    list_display = ("username", "full_name", "is_active", "is_superuser")
    list_filter = ("is_active",)
    search_fields = ("username", "full_name")
    ordering = ("username",)
    fields = ("username", "full_name", "is_active", "is_superuser")
    change_form_template = "study/account.html"

    def visible_to(self, user: User) -> QuerySet[User]:
        everybody = User.objects.filter(is_system=False)
        return everybody if may(user, Verb.MANAGE_ACCOUNTS) else everybody.none()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/password/", view(self.password_view), name="trials_user_password"),
            path("<int:pk>/deactivate/", view(self.deactivate_view), name="trials_user_deactivate"),
            *super().get_urls(),
        ]

    def beside(self, request: HttpRequest, record: User) -> dict[str, Any]:
        studies = managed_studies(user_of(request))
        roles = Assignment.objects.filter(user=record, study__in=studies).select_related("site", "study")
        return {"assignments": roles.order_by("-valid_from"), "account": record}

    def entry_page(self, request: HttpRequest) -> HttpResponse:
        self.enter(request, WRITING)
        actor = user_of(request)
        return act_page(
            self,
            request,
            form=NewAccountForm(posted(request)),
            act=lambda typed: accounts.create_account(
                actor=actor,
                username=typed["username"],
                password=typed["password"],
                full_name=typed["full_name"],
            ),
            said=lambda user: _("The account %(name)s exists; give it a role.") % {"name": user.username},
            to=lambda user: self.own_url("change", user.pk),
            context={"title": _("New account"), "submit": _("Create account")},
        )

    def password_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.enter(request, WRITING)
        account, actor = self.found(request, pk), user_of(request)
        return act_page(
            self,
            request,
            form=ResetPasswordForm(posted(request)),
            act=lambda typed: accounts.set_password(
                actor=actor, user=account, password=typed["password"], reason=typed["change_reason"]
            ),
            said=_("The password is changed; open sessions of this account have ended."),
            to=self.own_url("change", account.pk),
            context={
                "title": _("New password for %(name)s") % {"name": account},
                "submit": _("Set password"),
            },
        )

    def deactivate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.enter(request, WRITING)
        account, actor = self.found(request, pk), user_of(request)
        return act_page(
            self,
            request,
            form=ReasonForm(posted(request)),
            act=lambda typed: accounts.deactivate(actor=actor, user=account, reason=typed["change_reason"]),
            said=_("The account is closed."),
            to=self.own_url("change", account.pk),
            context={
                "title": _("Close the account %(name)s") % {"name": account},
                "lead": _("The person can no longer log in. What they recorded stays under their name."),
                "submit": _("Close account"),
                "danger": True,
            },
        )


@admin.register(Assignment)
class AssignmentPage(AccountsAdmin):
    list_display = ("user", "role", "site_or_all", "study", "valid_from", "valid_to")
    list_filter = ("role",)
    search_fields = ("user__username",)
    ordering = ("user__username", "-valid_from")
    change_form_template = "study/assignment.html"

    @admin.display(description=gettext_lazy("Site"))
    def site_or_all(self, assignment: Assignment) -> str:
        return assignment.site.code if assignment.site else _("every site")

    def visible_to(self, user: User) -> QuerySet[Assignment]:
        return Assignment.objects.filter(study__in=managed_studies(user)).select_related(
            "user", "study", "site"
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        end = path("<int:pk>/end/", view(self.end_view), name="trials_assignment_end")
        return [end, *super().get_urls()]

    def entry_page(self, request: HttpRequest) -> HttpResponse:
        self.enter(request, WRITING)
        actor = user_of(request)
        studies = managed_studies(actor)
        initial = {
            "user": request.GET.get("user", "")[:60],
            "valid_from": clock.now().date(),
            "study": studies.first() if studies.count() == 1 else None,
        }
        return act_page(
            self,
            request,
            form=AssignmentForm(posted(request), actor=actor, initial=initial),
            act=lambda typed: accounts.assign(actor=actor, **typed),
            said=_("The role is given."),
            to=lambda assignment: reverse("admin:trials_user_change", args=[assignment.user_id]),
            context={"title": _("Give a role"), "submit": _("Give role")},
        )

    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.enter(request, WRITING)
        assignment, actor = self.found(request, pk), user_of(request)
        return act_page(
            self,
            request,
            form=EndForm(posted(request), initial={"last_day": clock.now().date()}),
            act=lambda typed: accounts.end_assignment(
                actor=actor,
                assignment=assignment,
                last_day=typed["last_day"],
                reason=typed["change_reason"],
            ),
            said=_("The role ends after that day."),
            to=reverse("admin:trials_user_change", args=[assignment.user_id]),
            context={"title": _("End a role: %(role)s") % {"role": assignment}, "submit": _("End role")},
        )


class OwnPasswordForm(TwicePasswordForm):
    """One's own password: the present one is asked, so that an open screen is not enough."""

    old_password = forms.CharField(
        label=gettext_lazy("Present password"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ("old_password", "password", "again")

    def __init__(self, *arguments: Any, user: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.user = user

    def clean_old_password(self) -> str:
        typed: str = self.cleaned_data["old_password"]
        if not self.user.check_password(typed):
            raise forms.ValidationError(_("This is not your present password."))
        return typed


def change_own_password(user: User, password: str, keep_session: int | None = None) -> User:
    """Set one's own password; one session goes on. Raises PermissionDenied for a closed account."""
    if not user.is_staff:
        raise PermissionDenied
    return accounts.set_password(
        actor=user,
        user=user,
        password=password,
        reason="changed by the owner of the account",
        keep_session=keep_session,
    )
