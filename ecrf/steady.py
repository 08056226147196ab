"""What keeps working when the disk of the database is full."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import connection
from django.http import HttpRequest, HttpResponse

from ecrf.database_faults import FAULTS, FULL, unavailable

logger = logging.getLogger("ecrf.database")

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MEBIBYTE = 1024 * 1024


class SteadySession(SessionMiddleware):
    """A session whose idle time cannot be noted does not turn a reply into an error.

    What was read is shown, and what was stored is answered as stored. A login needs its session and fails.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            answered: HttpResponse = super().process_response(request, response)
        except (SessionInterrupted, *FAULTS) as error:
            if request.session.modified or not came_from_a_fault(error):
                raise
            logger.warning("the idle time of a session was not noted")
            return response
        return answered


def came_from_a_fault(error: BaseException) -> bool:
    """True where the database could not write; False for a session that was ended meanwhile.

    The session store tells both by the same exception, and only what lies behind it tells them apart.
    """
    behind: BaseException | None = error
    while behind is not None and not isinstance(behind, FAULTS):
        behind = behind.__context__
    return behind is not None


class DiskReserve:
    """Refuses writes while the disk of an SQLite file is nearly full: people can still log in and read.

    A server knows only the disk of its own database file; PostgreSQL watches its disk itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        entering = request.path_info.startswith(tuple(settings.DISK_RESERVE_LEFT_TO))
        if request.method in SAFE_METHODS or entering or not reserve_is_touched():
            return self.get_response(request)
        return unavailable(request, FULL)


def reserve_is_touched() -> bool:
    """True when less is free on the disk of the SQLite file than settings.DISK_RESERVE_MIB."""
    if connection.vendor != "sqlite" or not settings.DISK_RESERVE_MIB:
        return False
    folder = Path(str(connection.settings_dict["NAME"])).parent
    return folder.is_dir() and shutil.disk_usage(folder).free < settings.DISK_RESERVE_MIB * MEBIBYTE
