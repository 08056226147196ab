"""Every refusal of the API in one shape: `{"errors": {field or "detail": [reasons]}, "request_id": ...}`."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.functional import Promise
from rest_framework.exceptions import APIException, NotAuthenticated, NotFound
from rest_framework.response import Response

from ecrf.database_faults import RETRY_SECONDS, words_of
from trials.actions.errors import NotEligible, Refused, Stale
from trials.api.preconditions import etag
from trials.roles import NotPermitted

logger = logging.getLogger("ecrf.api")

NOT_FOUND = "Not found."


def handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """The reply to an exception of a view. What nobody foresaw is logged and answered without its words."""
    status, errors, headers = _told(exc)
    request_id = getattr(context.get("request"), "request_id", "")
    body: dict[str, Any] = {"errors": errors, "request_id": request_id}
    if isinstance(exc, Stale):
        body["current_version"] = exc.current
        body["current"] = getattr(exc, "shown", None)
        headers["ETag"] = etag(exc.current)
    if isinstance(exc, NotEligible) and exc.shown is not None:
        body["eligibility"] = exc.shown
    if status == 500:
        logger.error("unexpected error in the API", exc_info=exc)
    response = Response(body, status=status, headers=headers)
    response.exception = True
    return response


def _told(exc: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, errors and headers for an exception."""
    match exc:
        case Refused():
            return exc.status, listed(exc.errors), {}
        case NotPermitted():
            return 403, {"detail": [str(exc)]}, {}
        case Http404() | NotFound():
            return 404, {"detail": [NOT_FOUND]}, {}
        case PermissionDenied():
            return 403, {"detail": ["You are not allowed to do this."]}, {}
        case RequestDataTooBig():
            return 413, {"detail": ["The request body is too large."]}, {}
        case SuspiciousOperation():
            return 400, {"detail": ["The request is malformed."]}, {}
        case OperationalError() | InterfaceError():
            words = words_of(exc)
            logger.error(words.log)
            return 503, {"detail": [str(words.told)]}, {"Retry-After": str(RETRY_SECONDS)}
        case DjangoValidationError():
            told = exc.message_dict if hasattr(exc, "error_dict") else {"detail": list(exc.messages)}
            return 400, listed(told), {}
        case APIException():
            return exc.status_code, listed(exc.detail), _headers(exc)
    return 500, {"detail": ["Something went wrong here. Name the request id when you report it."]}, {}


def _headers(exc: APIException) -> dict[str, str]:
    headers = {}
    if authenticate := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    elif isinstance(exc, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    return headers


def listed(errors: Any) -> dict[str, Any]:
    """Errors as a mapping from field to a list of reasons, nested where rows are nested.

    >>> listed("too short")
    {'detail': ['too short']}
    >>> listed({"rows": [{}, {"dose": "is required"}], "non_field_errors": ["no"]})
    {'rows': [{}, {'dose': ['is required']}], 'detail': ['no']}
    """
    if not isinstance(errors, Mapping):
        errors = {"detail": errors}
    return {_field(name): _reasons(reasons) for name, reasons in errors.items()}


def _field(name: Any) -> str:
    return "detail" if name in ("non_field_errors", "__all__") else str(name)


def _reasons(reasons: Any) -> list[Any]:
    if isinstance(reasons, str | Promise):
        return [str(reasons)]
    if isinstance(reasons, Mapping):
        return [_row(reasons)]
    if not isinstance(reasons, Iterable):
        return [str(reasons)]
    return [_row(each) if isinstance(each, Mapping) else str(each) for each in reasons]


def _row(errors: Mapping[Any, Any]) -> dict[str, Any]:
    return {_field(name): _reasons(reasons) for name, reasons in errors.items()}
