"""A database that is busy, full or away: what a client is told, on every face.

A write that fails is rolled back whole. Only where the connection broke can nobody say whether the commit had
happened; then the words say so, and a request with an Idempotency-Key is safe to send again.
"""

import logging
import sys
from typing import NamedTuple

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger("ecrf.database")

RETRY_SECONDS = 5
API_PREFIX = "/api/"
FAULTS = (OperationalError, InterfaceError)


class Words(NamedTuple):
    """`log` is for who runs the installation, `told` for who sent the request."""

    log: str
    told: str | Promise


BUSY = Words("the database is busy", _("The database is busy; nothing was changed. Try again."))
FULL = Words(
    "the disk of the database is full",
    _(
        "There is no room left for the database; nothing was changed. Tell the people who run this "
        "installation, and try again when they made room."
    ),
)
AWAY = Words(
    "the database is away",
    _(
        "The database is away. What was sent is stored whole or not at all: look before you send it again, "
        "or send it with the same Idempotency-Key."
    ),
)

# https://www.sqlite.org/rescode.html and PostgreSQL, appendix A
BY_SQLITE_CODE = {5: BUSY, 6: BUSY, 13: FULL}
BY_SQLSTATE = {"55P03": BUSY, "40001": BUSY, "40P01": BUSY, "53100": FULL}
SQLITE_PRIMARY = 0xFF
"""The low byte of an extended result code of SQLite is its kind."""


def words_of(fault: BaseException) -> Words:
    """What a fault of the database means for who sent the request."""
    cause = fault.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return BY_SQLITE_CODE.get(code & SQLITE_PRIMARY, AWAY)
    return BY_SQLSTATE.get(str(getattr(cause, "sqlstate", "")), AWAY)


def server_error(request: HttpRequest) -> HttpResponse:
    """The reply to an error that no view answered: 503 where the database is at fault, else 500."""
    fault = sys.exc_info()[1]
    if isinstance(fault, FAULTS):
        return unavailable(request, words_of(fault))
    return _answer(request, 500, _("Something went wrong here. Name the request id when you report it."))


def unavailable(request: HttpRequest, words: Words) -> HttpResponse:
    """503 with the time to try again, as JSON or as a page."""
    logger.error(words.log)
    response = _answer(request, 503, words.told)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _answer(request: HttpRequest, status: int, told: str | Promise) -> HttpResponse:
    request_id = getattr(request, "request_id", "")
    if request.path_info.startswith(API_PREFIX):
        return JsonResponse({"errors": {"detail": [str(told)]}, "request_id": request_id}, status=status)
    # Without the request: its context processors would ask the database who is logged in.
    page = render_to_string(f"{status}.html", {"told": told, "request_id": request_id})
    return HttpResponse(page, status=status)
