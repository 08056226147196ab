"""What a browser may do with a reply: pages use files of our own, data none at all."""

from collections.abc import Callable

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from ecrf.middleware import ADMIN_PREFIX


class ContentPolicy(CSPMiddleware):
    """Sends CONTENT_SECURITY_POLICY with a page, and DATA_POLICY with whatever is none.

    Under /admin/ ADMIN_SCRIPT_SOURCES are added to script-src.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and not response.headers.get("Content-Type", "").startswith("text/html"):
            return PolicyParts(config=settings.DATA_POLICY)
        if request.path_info.startswith(ADMIN_PREFIX):
            parts.update = {**(parts.update or {}), "script-src": settings.ADMIN_SCRIPT_SOURCES}
        return parts


class FurtherHeaders:
    """Headers that Django has no setting for: nothing embeds our replies, no page uses a device."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        return response
