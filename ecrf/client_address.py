"""Where a request comes from, when only our own proxies are believed."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address of the client, as seen by the outermost of TRUSTED_PROXIES proxies.

    Each proxy appends the address it saw to X-Forwarded-For, so the last TRUSTED_PROXIES entries are ours
    and everything before them may be invented by the client. Too few entries: the request went around a
    proxy, and the address of the peer is the only one that is true.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    if not settings.TRUSTED_PROXIES:
        return peer
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if len(seen) < settings.TRUSTED_PROXIES:
        return peer
    return seen[-settings.TRUSTED_PROXIES]
