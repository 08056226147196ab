"""Addresses of what a person sees and ends of the own account. The pages: trials/admin/own_account.py."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path


def urls(site: Any) -> list[URLPattern]:
    """The addresses below account/, for everybody who is logged in."""
    from ecrf.sessions import ROW
    from trials.admin import own_account as pages
    from trials.models import User

    def this_session(request: HttpRequest) -> int | None:
        return request.session.get(ROW)

    def account(request: HttpRequest) -> HttpResponse:
        return pages.account_page(site._registry[User], request, this_session(request))

    def second_factor(request: HttpRequest) -> HttpResponse:
        return pages.second_factor_page(site._registry[User], request)

    def end_others(request: HttpRequest) -> HttpResponse:
        return pages.end_other_sessions(request, this_session(request))

    return [
        path("account/", site.admin_view(account), name="account"),
        path("account/second-factor/", site.admin_view(second_factor), name="second_factor"),
        path("account/sessions/end/", site.admin_view(end_others), name="own_sessions_end"),
        path(
            "account/sessions/<int:pk>/end/", site.admin_view(pages.end_own_session), name="own_session_end"
        ),
        path("account/tokens/<slug:handle>/end/", site.admin_view(pages.end_own_token), name="own_token_end"),
    ]
