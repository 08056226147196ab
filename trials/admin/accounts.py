"""Accounts, for administrators only; every change is an action of trials/actions."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from trials.access import managed_studies
from trials.actions import accounts
from trials.actions.access_events import events_about
from trials.actions.errors import WrongState
from trials.actions.lockouts import lift_lockout, lockouts
from trials.actions.second_factor import is_on, is_required
from trials.actions.sessions import end_session, end_sessions
from trials.actions.tokens import end_token
from trials.admin.account_forms import (
    LastDayForm,
    LiftForm,
    NewAccountForm,
    ReasonForm,
    ResetPasswordForm,
)
from trials.admin.act import act_page, posted
from trials.admin.base import WRITING, StudyAdmin, user_of
from trials.audit.acts import told
from trials.models import AccessToken, Assignment, User, UserSession
from trials.roles import Verb, may

EVENTS_SHOWN = 100


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
    list_display = ("username", "full_name", "is_active", "valid_until", "is_superuser")
    list_filter = ("is_active",)
    search_fields = ("username", "full_name")
    ordering = ("username",)
    fields = ("username", "full_name", "is_active", "is_superuser", "valid_until", "must_change_password")
    change_form_template = "study/account.html"
    change_list_template = "study/accounts.html"

    def visible_to(self, user: User) -> QuerySet[User]:
        everybody = User.objects.filter(is_system=False)
        return everybody if may(user, Verb.MANAGE_ACCOUNTS) else everybody.none()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = (
            ("<int:pk>/password/", self.password_view, "password"),
            ("<int:pk>/deactivate/", self.deactivate_view, "deactivate"),
            ("<int:pk>/reactivate/", self.reactivate_view, "reactivate"),
            ("<int:pk>/last-day/", self.last_day_view, "last_day"),
            ("<int:pk>/second-factor/", self.second_factor_view, "second_factor"),
            ("<int:pk>/sessions/end/", self.sessions_view, "sessions_end"),
            ("<int:pk>/sessions/<int:session>/end/", self.session_view, "session_end"),
            ("<int:pk>/tokens/<slug:handle>/end/", self.token_view, "token_end"),
            ("lockouts/", self.lockouts_view, "lockouts"),
        )
        named = [path(route, view(page), name=f"trials_user_{name}") for route, page, name in own]
        return [*named, *super().get_urls()]

    def beside(self, request: HttpRequest, record: User) -> dict[str, Any]:
        studies = managed_studies(user_of(request))
        roles = Assignment.objects.filter(user=record, study__in=studies).select_related("site", "study")
        return {
            "assignments": roles.order_by("-valid_from"),
            "account": record,
            "locked": any(each.username == record.username for each in lockouts()),
            **access_of(record),
        }

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
                valid_until=typed["valid_until"],
            ),
            said=lambda user: _("The account %(name)s exists; give it a role.") % {"name": user.username},
            to=lambda user: self.own_url("change", user.pk),
            context={"title": _("New account"), "submit": _("Create account")},
        )

    def password_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.act(
            request,
            pk,
            form=ResetPasswordForm(posted(request)),
            act=lambda actor, account, typed: accounts.set_password(
                actor=actor, user=account, password=typed["password"], reason=typed["change_reason"]
            ),
            said=_(
                "The password is changed; the person must set an own one. Sessions and tokens have ended."
            ),
            title=_("New password for %(name)s"),
            submit=_("Set password"),
        )

    def deactivate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.act(
            request,
            pk,
            form=ReasonForm(posted(request)),
            act=lambda actor, account, typed: accounts.deactivate(
                actor=actor, user=account, reason=typed["change_reason"]
            ),
            said=_("The account is closed."),
            title=_("Close the account %(name)s"),
            submit=_("Close account"),
            lead=_("The person can no longer log in. What they recorded stays under their name."),
            danger=True,
        )

    def reactivate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.act(
            request,
            pk,
            form=ReasonForm(posted(request)),
            act=lambda actor, account, typed: accounts.reactivate(
                actor=actor, user=account, reason=typed["change_reason"]
            ),
            said=_("The account is open again."),
            title=_("Open the account %(name)s again"),
            submit=_("Open account"),
            lead=_("For the same person only: a username is never given to anybody else."),
        )

    def last_day_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        initial = {"valid_until": self.account(request, pk).valid_until}
        return self.act(
            request,
            pk,
            form=LastDayForm(posted(request), initial=initial),
            act=lambda actor, account, typed: accounts.set_valid_until(
                actor=actor, user=account, valid_until=typed["valid_until"], reason=typed["change_reason"]
            ),
            said=_("The last day of the account is set."),
            title=_("Last day of the account %(name)s"),
            submit=_("Set last day"),
            lead=_(
                "After it the person can neither log in nor use a token; an empty day takes the end away."
            ),
        )

    def second_factor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.act(
            request,
            pk,
            form=ReasonForm(posted(request)),
            act=lambda actor, account, typed: accounts.reset_second_factor(
                actor=actor, user=account, reason=typed["change_reason"]
            ),
            said=_("The second factor is removed."),
            title=_("Remove the second factor of %(name)s"),
            submit=_("Remove second factor"),
            lead=_("For somebody who lost it. Only the person can set up a new one."),
            danger=True,
        )

    def sessions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.act(
            request,
            pk,
            form=ReasonForm(posted(request)),
            act=lambda actor, account, typed: end_sessions(
                actor=actor, user=account, reason=typed["change_reason"]
            ),
            said=_("Every session of the account has ended."),
            title=_("End every session of %(name)s"),
            submit=_("End sessions"),
            danger=True,
        )

    def session_view(self, request: HttpRequest, pk: int, session: int) -> HttpResponse:
        row = UserSession.objects.filter(pk=session, user=self.account(request, pk)).first()
        return self.act(
            request,
            pk,
            form=ReasonForm(posted(request)),
            act=lambda actor, _account, typed: end_session(
                actor=actor, session=found(row), reason=typed["change_reason"]
            ),
            said=_("The session has ended."),
            title=_("End a session of %(name)s"),
            submit=_("End session"),
            danger=True,
        )

    def token_view(self, request: HttpRequest, pk: int, handle: str) -> HttpResponse:
        row = AccessToken.objects.filter(handle=handle, user=self.account(request, pk)).first()
        return self.act(
            request,
            pk,
            form=ReasonForm(posted(request)),
            act=lambda actor, _account, typed: end_token(
                actor=actor, token=found(row), reason=typed["change_reason"]
            ),
            said=_("The token has ended."),
            title=_("End a token of %(name)s"),
            submit=_("End token"),
            danger=True,
        )

    def lockouts_view(self, request: HttpRequest) -> HttpResponse:
        """Who is locked out at present, and lifting it."""
        self.enter(request, WRITING)
        actor, locked = user_of(request), lockouts()
        return act_page(
            self,
            request,
            form=LiftForm(posted(request), lockouts=locked),
            act=lambda typed: lift_lockout(actor=actor, key=typed["lockout"], reason=typed["change_reason"]),
            said=lambda lifted: _("The lockout of %(key)s is lifted.") % {"key": lifted.key},
            to=self.own_url("lockouts"),
            context={"title": _("Lockouts"), "submit": _("Lift lockout"), "lockouts": locked},
            template="study/lockouts.html",
        )

    def account(self, request: HttpRequest, pk: int) -> User:
        """The account of the address, for who may see it. Raises Http404."""
        self.enter(request, WRITING)
        account: User = self.found(request, pk)
        return account

    def act(
        self,
        request: HttpRequest,
        pk: int,
        *,
        form: forms.Form,
        act: Callable[[User, User, dict[str, Any]], Any],
        said: str,
        title: str,
        **words: Any,
    ) -> HttpResponse:
        """A page that does one thing to an account; `title` holds %(name)s."""
        account, actor = self.account(request, pk), user_of(request)
        return act_page(
            self,
            request,
            form=form,
            act=lambda typed: act(actor, account, typed),
            said=said,
            to=self.own_url("change", account.pk),
            context={"title": title % {"name": account}, **words},
        )


def found(row: Any) -> Any:
    """A row that may have gone since its page was opened. Raises WrongState."""
    if row is None:
        raise WrongState(_("It has ended already."))
    return row


def access_of(account: User) -> dict[str, Any]:
    """What pages show of how an account is used: sessions, tokens, second factor, events."""
    return {
        "sessions": account.sessions.order_by("-last_used_at"),
        "tokens": AccessToken.objects.filter(user=account).select_related("site").order_by("-created"),
        "second_factor": is_on(account),
        "second_factor_required": is_required(account),
        "events": [(told(event.action), event) for event in events_about(account)[:EVENTS_SHOWN]],
    }


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
