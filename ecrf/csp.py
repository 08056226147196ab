"""Content security policy: strict everywhere, one concession on admin pages."""

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from ecrf.middleware import ADMIN_PREFIX


class ContentPolicy(CSPMiddleware):
    """Sends CONTENT_SECURITY_POLICY, with ADMIN_SCRIPT_SOURCES added to script-src under /admin/."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(ADMIN_PREFIX):
            parts.update = {**(parts.update or {}), "script-src": settings.ADMIN_SCRIPT_SOURCES}
        return parts
