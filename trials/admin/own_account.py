"""What a person sees and ends of the own account: sessions, tokens, second factor, events."""

from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from trials import one_time_code
from trials.actions import second_factor
from trials.actions.credentials import check_code, named
from trials.actions.errors import Refused, WrongCredentials, WrongState
from trials.actions.sessions import end_session, end_sessions
from trials.actions.tokens import end_token
from trials.admin.account_forms import CodeForm
from trials.admin.accounts import access_of
from trials.admin.act import posted, show_errors
from trials.admin.base import StudyAdmin, user_of
from trials.models import AccessToken, Assignment, User, UserSession

ISSUER = "icc-ecrf"
FACTOR_DOOR = "page of the second factor"


def account_page(admin: StudyAdmin, request: HttpRequest, this_session: int | None) -> HttpResponse:
    """One's own account; nothing of anybody else's."""
    if request.method not in ("GET", "HEAD"):
        raise PermissionDenied
    user = user_of(request)
    roles = Assignment.objects.filter(user=user).select_related("site", "study").order_by("-valid_from")
    context = {
        "title": _("Your account"),
        "own": True,
        "account": user,
        "assignments": roles,
        "this_session": this_session,
        **access_of(user),
    }
    return admin.page(request, "study/own_account.html", context)


def end_own_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions. Raises Http404 for anybody else's."""
    user = _posting(request)
    session = UserSession.objects.filter(pk=pk, user=user).first()
    if session is None:
        raise Http404
    end_session(actor=user, session=session)
    return _back(request, _("The session has ended."))


def end_other_sessions(request: HttpRequest, this_session: int | None) -> HttpResponse:
    """End every session of one's own but this."""
    user = _posting(request)
    try:
        end_sessions(actor=user, user=user, keep=this_session)
    except WrongState:
        return _back(request, _("There is no other session."))
    return _back(request, _("Your other sessions have ended."))


def end_own_token(request: HttpRequest, handle: str) -> HttpResponse:
    """End one of one's own tokens. Raises Http404 for anybody else's."""
    user = _posting(request)
    token = AccessToken.objects.filter(handle=handle, user=user).first()
    if token is None:
        raise Http404
    end_token(actor=user, token=token)
    return _back(request, _("The token has ended."))


def second_factor_page(admin: StudyAdmin, request: HttpRequest) -> HttpResponse:
    """Set up one's own second factor, confirm it by its first code, or remove it by a code."""
    user = User.objects.get(pk=user_of(request).pk)
    step = _step(user)
    form: forms.Form = forms.Form(posted(request)) if step == "begin" else CodeForm(posted(request))
    if request.method == "POST" and request.POST.get("step") == step and form.is_valid():
        try:
            return STEPS[step](admin, request, user, str(form.cleaned_data.get("code", "")))
        except Refused as refusal:
            show_errors(form, refusal.errors)
    context: dict[str, Any] = {"form": form, "step": step, "title": _("Second factor"), **_words(user)[step]}
    secret = second_factor.begun(user) if step == "confirm" else None
    if secret is not None:
        address = one_time_code.address(secret, issuer=ISSUER, account=user.username)
        context["qr"] = segno.make(address, micro=False).svg_data_uri(scale=5, light="white")
        context["key"] = one_time_code.as_text(secret)
    return admin.page(request, "study/second_factor.html", context)


def _step(user: User) -> str:
    if second_factor.is_on(user):
        return "remove"
    return "confirm" if second_factor.begun(user) is not None else "begin"


def _words(user: User) -> dict[str, dict[str, Any]]:
    why = _("Your role requires a second factor.") + " " if second_factor.is_required(user) else ""
    asked = _("With it, each login and each signature asks for a code of an app on your telephone.")
    return {
        "begin": {"lead": why + asked, "submit": _("Set up")},
        "confirm": {"lead": why, "submit": _("Confirm")},
        "remove": {
            "lead": _(
                "It is on. Enter a code to remove it, for example before you set up another telephone."
            ),
            "submit": _("Remove second factor"),
            "danger": True,
        },
    }


def _begin(admin: StudyAdmin, request: HttpRequest, user: User, code: str) -> HttpResponse:
    second_factor.begin(user=user)
    return redirect("admin:second_factor")


def _confirm(admin: StudyAdmin, request: HttpRequest, user: User, code: str) -> HttpResponse:
    codes = second_factor.confirm(user=user, code=code)
    return admin.page(
        request, "study/recovery_codes.html", {"title": _("Your recovery codes"), "codes": codes}
    )


def _remove(admin: StudyAdmin, request: HttpRequest, user: User, code: str) -> HttpResponse:
    # Counted like every other door: an open screen is no place to try codes without end.
    try:
        check_code(user=user, code=code, request=named(request, FACTOR_DOOR))
    except WrongCredentials:
        raise Refused({"code": ["is not the code that the app shows now"]}) from None
    second_factor.remove_own(user=user)
    return _back(request, _("The second factor is removed."))


STEPS = {"begin": _begin, "confirm": _confirm, "remove": _remove}


def _posting(request: HttpRequest) -> User:
    if request.method != "POST":
        raise PermissionDenied
    return user_of(request)


def _back(request: HttpRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("admin:account")
