"""Pages by key: page 10,000 costs what page 1 costs, and no row is shown twice while others arrive."""

from collections.abc import Mapping
from typing import Any

from django.core import signing
from django.db.models import F, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

DEFAULT_SIZE = 50
MAXIMUM_SIZE = 200
MAXIMUM_COUNT = 10_000
SALT = "ecrf.api.cursor"


class KeysetPagination(BasePagination):
    """`{next, previous, results}`, and `count` (at most 10,000) where the view says `counted`.

    Rows are in the order of one whitelisted column (`view.orderings`), then of the key; empty values come
    last. A cursor is signed: it holds the place, never the scope, which is applied anew to every page.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.name, lookup, descending = chosen_order(request, view)
        size = page_size(request)
        place = self._place()
        backwards = bool(place and place["back"])
        reverse = descending != backwards
        self.count = queryset[:MAXIMUM_COUNT].count() if view.counted else None
        rows = ordered(queryset, lookup, reverse)
        if place:
            rows = rows.filter(beyond(lookup, place["value"], place["key"], reverse))
        found = list(rows[: size + 1])
        more, found = len(found) > size, found[:size]
        if backwards:
            found.reverse()
        has_next = bool(place) if backwards else more
        has_previous = more if backwards else bool(place)
        self.next = self._link(found[-1], lookup, back=False) if found and has_next else None
        self.previous = self._link(found[0], lookup, back=True) if found and has_previous else None
        return found

    def get_paginated_response(self, data: Any) -> Response:
        page = {"next": self.next, "previous": self.previous, "results": data}
        return Response(page if self.count is None else {"count": self.count, **page})

    def _place(self) -> dict[str, Any] | None:
        cursor = self.request.query_params.get("cursor")
        if cursor is None:
            return None
        try:
            place = signing.loads(cursor, salt=SALT)
        except signing.BadSignature:
            raise ValidationError({"cursor": ["is not a cursor of this API"]}) from None
        if place["order"] != self.name:
            raise ValidationError({"cursor": ["belongs to another ordering"]})
        return dict(place)

    def _link(self, row: Any, lookup: str, *, back: bool) -> str:
        value = value_at(row, lookup)
        place = {
            "order": self.name,
            "back": back,
            "value": value if value is None or isinstance(value, int | str) else value.isoformat(),
            "key": row.pk,
        }
        address = self.request.build_absolute_uri()
        return replace_query_param(address, "cursor", signing.dumps(place, salt=SALT))

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "count": {
                    "type": "integer",
                    "maximum": MAXIMUM_COUNT,
                    "description": "Only in the list of subjects; never more than 10,000",
                },
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = [name for each in view.orderings for name in (each, f"-{each}")]
        return [
            _parameter("cursor", {"type": "string"}, "Taken from `next` or `previous`"),
            _parameter(
                "page_size",
                {"type": "integer", "minimum": 1, "maximum": MAXIMUM_SIZE, "default": DEFAULT_SIZE},
                "Records on a page",
            ),
            _parameter("ordering", {"type": "string", "enum": names}, "Order; - for descending"),
        ]


def _parameter(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def chosen_order(request: Request, view: Any) -> tuple[str, str, bool]:
    """The ordering asked for: its name, its lookup, and whether it descends. Raises ValidationError."""
    name = request.query_params.get("ordering", view.ordering)
    descending = name.startswith("-")
    lookup = view.orderings.get(name.removeprefix("-"))
    if lookup is None:
        allowed = ", ".join(view.orderings)
        raise ValidationError({"ordering": [f"must be one of: {allowed}; with - in front to descend"]})
    return name, lookup, descending


def page_size(request: Request) -> int:
    """Records on a page, 1 to 200. Raises ValidationError."""
    size = request.query_params.get("page_size", str(DEFAULT_SIZE))
    if not (size.isascii() and size.isdigit() and len(size) < 6 and 1 <= int(size) <= MAXIMUM_SIZE):
        raise ValidationError({"page_size": [f"must be a whole number from 1 to {MAXIMUM_SIZE}"]})
    return int(size)


def ordered(queryset: QuerySet[Any], lookup: str, reverse: bool) -> QuerySet[Any]:
    """Ascending with empty values last, then by key; `reverse` is the exact opposite."""
    if reverse:
        return queryset.order_by(F(lookup).desc(nulls_first=True), "-pk")
    return queryset.order_by(F(lookup).asc(nulls_last=True), "pk")


def beyond(lookup: str, value: Any, key: int, reverse: bool) -> Q:
    """The rows that come after a place in the given direction."""
    step = "lt" if reverse else "gt"
    after_key = Q(**{f"pk__{step}": key})
    if value is None:
        same = Q(**{f"{lookup}__isnull": True}) & after_key
        return same | Q(**{f"{lookup}__isnull": False}) if reverse else same
    further = Q(**{f"{lookup}__{step}": value}) | (Q(**{lookup: value}) & after_key)
    return further if reverse else further | Q(**{f"{lookup}__isnull": True})


def value_at(row: Any, lookup: str) -> Any:
    """The value of a row under a lookup such as `subject__code`."""
    for part in lookup.split("__"):
        row = getattr(row, part)
    return row
