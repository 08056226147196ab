"""Every address of the admin, filled with the keys of real rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import URLPattern, URLResolver


@dataclass(frozen=True)
class Door:
    """An address; `model` is set where it leads to rows of one model, `key` where it names one of them."""

    path: str
    model: type[Model] | None
    key: int | None

    def __str__(self) -> str:
        return self.path


def doors(keys: dict[type[Model], int], visit: int) -> Iterator[Door]:
    """All addresses of the admin. `keys` names a row of each model; models without one get key 1."""
    for prefix, pattern, model in _patterns(admin.site.get_urls(), "/admin/", None):
        key = keys.get(model, 1) if model is not None else 1
        filled, named = _filled(str(pattern.pattern), key, visit)
        if filled is not None:
            yield Door(prefix + filled, model, key if named else None)


def _patterns(
    urls: list[Any], prefix: str, model: type[Model] | None
) -> Iterator[tuple[str, URLPattern, type[Model] | None]]:
    for each in urls:
        if isinstance(each, URLResolver):
            inner = str(each.pattern)
            models = {f"{m._meta.app_label}/{m._meta.model_name}/": m for m in admin.site._registry}
            yield from _patterns(each.url_patterns, prefix + inner, models.get(inner, model))
        else:
            yield prefix, each, model


def _filled(route: str, key: int, visit: int) -> tuple[str | None, bool]:
    if route.startswith("^"):
        # The list of one application, and the catch-all.
        return ("patients/", False) if "app_label" in route else (None, False)
    named = "object_id" in route or "<int:pk>" in route
    for part, value in (
        ("<path:object_id>", key),
        ("<int:pk>", key),
        ("<int:visit>", visit),
        ("<int:session>", 1),
        ("<slug:handle>", "none"),
    ):
        route = route.replace(part, str(value))
    return route, named
