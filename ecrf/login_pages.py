"""Logging in: the password, then on a page of its own a code of the second factor, where there is one."""

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from rest_framework.throttling import SimpleRateThrottle

from ecrf.client_address import client_address
from trials.actions.credentials import check_code, named
from trials.actions.errors import LockedOut, Refused
from trials.actions.second_factor import is_on
from trials.admin.account_forms import CodeForm
from trials.admin.act import posted, show_errors
from trials.models import User

PENDING = "_login_pending"
"""Key of the session under which stands whose password was right and whose code is awaited."""

PENDING_SECONDS = 300
BACKEND = "trials.authentication.RoleBackend"
PASSWORD_DOOR = "login page"  # noqa: S105
CODE_DOOR = "login page for the code"


class LoginThrottle(SimpleRateThrottle):
    """Attempts to log in from one address, whatever the names."""

    scope = "login"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"throttle-login-{client_address(request)}"


class PasswordStep(LoginView):
    """The page for name and password; a second factor leads on to the page for its code."""

    def post(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        named(request, PASSWORD_DOOR)
        if not LoginThrottle().allow_request(request, self):  # type: ignore[arg-type]
            return self.refused(_("Too many attempts. Wait a minute and try again."))
        return super().post(request, *arguments, **options)

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if not is_on(user):
            return super().form_valid(form)
        self.request.session[PENDING] = {
            "user": user.pk,
            "at": int(timezone.now().timestamp()),
            "password": user.get_session_auth_hash(),
            "next": self.get_success_url(),
        }
        return redirect("admin:login_code")

    def form_invalid(self, form: Any) -> HttpResponse:
        if getattr(self.request, "axes_locked_out", False):
            self.request.axes_locked_out = False  # type: ignore[attr-defined]  # our words, not its page
            return self.refused(LockedOut().errors["detail"])
        return super().form_invalid(form)

    def refused(self, words: str) -> HttpResponse:
        context = {**(self.extra_context or {}), "refused": words}
        return TemplateResponse(self.request, "study/locked_out.html", context, status=429)


def code_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The second page of a login. Without a password that was right a moment ago it leads to the first."""
    named(request, CODE_DOOR)
    user = pending_user(request)
    if user is None:
        request.session.pop(PENDING, None)
        return redirect("admin:login")
    form, status = CodeForm(posted(request)), 200
    if request.method == "POST" and form.is_valid():
        try:
            check_code(user=user, code=form.cleaned_data["code"], request=request)
        except Refused as refusal:
            show_errors(form, refusal.errors)
            status = refusal.status if isinstance(refusal, LockedOut) else 200
        else:
            to = request.session.pop(PENDING)["next"]
            login(request, user, backend=BACKEND)
            return HttpResponseRedirect(to)
    shown = {**context, "form": form, "title": _("Code of your second factor")}
    return TemplateResponse(request, "study/login_code.html", shown, status=status)


def pending_user(request: HttpRequest) -> User | None:
    """Whose password was right on the page before, unless it changed or the time is over."""
    pending = request.session.get(PENDING)
    if not pending or timezone.now().timestamp() - pending["at"] > PENDING_SECONDS:
        return None
    user = User.objects.filter(pk=pending["user"]).first()
    if user is None or not user.is_staff:
        return None
    return user if constant_time_compare(pending["password"], user.get_session_auth_hash()) else None
