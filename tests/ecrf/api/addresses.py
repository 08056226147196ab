"""Every address of the API, read from its URL configuration."""

import re
from typing import Any

from django.urls import get_resolver


def addresses() -> list[str]:
    """Every address below /api/, with something in the place of each part that varies."""
    found = []
    for pattern in get_resolver("ecrf.api.urls").url_patterns:
        for route in routes(pattern, ""):
            found.append("/api/" + route)
    return sorted(set(found))


def routes(pattern: Any, prefix: str) -> list[str]:
    text = prefix + str(pattern.pattern)
    if hasattr(pattern, "url_patterns"):
        return [route for each in pattern.url_patterns for route in routes(each, text)]
    filled = re.sub(r"\(\?P<\w+>[^)]*\)(?:\)|\{[^}]*\})?|<\w+:\w+>", "1", text)
    return [re.sub(r"[\^$\\]", "", filled)] if filled else []
