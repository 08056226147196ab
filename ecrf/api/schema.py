"""The OpenAPI document: what the resources declare about themselves, written down in one place."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema

Document = dict[str, Any]

ERRORS: Document = {
    "type": "object",
    "title": "Why the request was refused",
    "required": ["errors", "request_id"],
    "additionalProperties": False,
    "properties": {
        "errors": {
            "type": "object",
            "title": "Reasons by field; `detail` where no single field is meant",
            "additionalProperties": {"type": "array", "items": {}},
        },
        "request_id": {"type": "string"},
        "current_version": {"type": "integer", "title": "With 412: the version stored now"},
        "current": {"type": ["object", "null"], "title": "With 412: the record stored now"},
        "eligibility": {"type": "object", "title": "With 409 to a randomization: the criterion table"},
    },
}

REASONS = {
    "400": "Malformed: each field with its reason; unknown fields and parameters are named",
    "401": "No valid token or session",
    "403": "The user's role does not allow it",
    "404": "Missing, or another site's: the two cannot be told apart",
    "405": "Not allowed here; nothing is ever deleted",
    "406": "Only JSON is spoken here",
    "409": "The state of the record or subject forbids it",
    "411": "The body came without Content-Length",
    "412": "Changed by somebody else in between: the current version and values",
    "413": "The body is too large",
    "415": "Another content type than the one documented",
    "422": "The Idempotency-Key was used with another body or query",
    "423": "Locked",
    "428": "If-Match is missing",
    "429": "Too many requests",
    "503": "The database is busy, full or away; see Retry-After",
}
ALWAYS = ("400", "401", "403", "404", "405", "406", "429", "503")
WITH_BODY = ("409", "411", "413", "415", "423")

IF_MATCH: Document = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": 'ETag of the version that was read, for example "3"; * is refused',
    "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
}
IDEMPOTENCY_KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A value of the client's own; a repeated request with it gets the first reply again",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
FIELDS: Document = {
    "name": "fields",
    "in": "query",
    "required": False,
    "description": "Only these members of each record, separated by commas",
    "schema": {"type": "string"},
}
ETAG: Document = {"description": "Version of the record, for If-Match", "schema": {"type": "string"}}
REPLAYED: Document = {
    "description": "true when this is the reply to an earlier request with the same Idempotency-Key",
    "schema": {"type": "string"},
}


class Schema(AutoSchema):
    """Adds to each operation the headers, parameters and refusals that its resource declares."""

    def get_operation(self, *arguments: Any, **options: Any) -> Any:
        operation = super().get_operation(*arguments, **options)
        if operation is None:
            return None
        action = getattr(self.view, "action", "") or ""
        parameters = operation.setdefault("parameters", [])
        parameters += self.further_parameters(action, {each["name"] for each in parameters})
        self.add_refusals(action, operation)
        self.add_headers(action, operation)
        return operation

    def further_parameters(self, action: str, known: set[str]) -> list[Document]:
        """Headers and query parameters that the resource declares beside its filters."""
        found = []
        if action in getattr(self.view, "versioned", ()):
            found.append(IF_MATCH)
        if action in getattr(self.view, "creating", ()):
            found.append(IDEMPOTENCY_KEY)
        if hasattr(self.view, "known_parameters") and "fields" in self.view.known_parameters():
            found.append(FIELDS)
        for name in getattr(self.view, "parameters", {}).get(action, ()):
            if name not in known:
                found.append({"name": name, "in": "query", "required": False, "schema": {"type": "string"}})
        return found

    def add_refusals(self, action: str, operation: Document) -> None:
        statuses = list(ALWAYS)
        if self.method in ("POST", "PATCH"):
            statuses += WITH_BODY
        if action in getattr(self.view, "versioned", ()):
            statuses += ["412", "428"]
        if action in getattr(self.view, "outdated", ()):
            statuses.append("412")
        if action in getattr(self.view, "stale_bodies", ()):
            statuses.append("412")
        if action in getattr(self.view, "creating", ()):
            statuses.append("422")
        refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}
        for status in statuses:
            operation["responses"].setdefault(status, {"description": REASONS[status], "content": refusal})

    def add_headers(self, action: str, operation: Document) -> None:
        for status, response in operation["responses"].items():
            if status not in ("200", "201"):
                continue
            if action in getattr(self.view, "tagged", ()):
                response.setdefault("headers", {})["ETag"] = ETAG
            if action in getattr(self.view, "creating", ()):
                response.setdefault("headers", {})["Idempotency-Replayed"] = REPLAYED


class FormShapeExtension(OpenApiSerializerExtension):
    """The messages of a form, from the form's definition."""

    target_class = "patients.api.shapes.FormShape"
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: Any) -> str:
        return _class_of(self.target).__name__

    def map_serializer(self, auto_schema: Any, direction: Any) -> Document:
        schema: Document = _class_of(self.target).schema()
        return schema


def _class_of(target: Any) -> Any:
    return target if isinstance(target, type) else type(target)


class BearerTokenExtension(OpenApiAuthenticationExtension):
    target_class = "ecrf.api.authentication.BearerToken"
    name = "bearer"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> Document:
        return {"type": "http", "scheme": "bearer"}


def close_objects(result: Document, **context: Any) -> Document:
    """Unknown members are refused, so every object says that it has no others; names the shape of errors."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    for schema in schemas.values():
        _close(schema)
        _open_to_null(schema)
    for name in _sparse(result):
        schemas[name].pop("required", None)
    schemas["Errors"] = ERRORS
    return result


def _open_to_null(schema: Any) -> None:
    """What may be anything may be null: said twice, null would fit both members of a `oneOf`, so none."""
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _open_to_null(each)
    if isinstance(schema, dict) and {} in schema.get("oneOf", ()):
        del schema["oneOf"]


def _sparse(document: Document) -> set[str]:
    """The messages of which `fields` may leave out members, so that none of them is required."""
    named = set()
    for operations in document["paths"].values():
        operation = operations.get("get", {})
        if FIELDS in operation.get("parameters", []):
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            page = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            rows = page["properties"].get("results") if "Paginated" in schema["$ref"] else None
            named.add((rows["items"] if rows else schema)["$ref"].rpartition("/")[2])
    return named


def _close(schema: Mapping[str, Any]) -> None:
    if isinstance(schema, dict) and schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)
