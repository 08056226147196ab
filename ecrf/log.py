"""Log lines: one JSON object each, and nothing in them that belongs to a patient or opens a door."""

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

current_request: ContextVar[str] = ContextVar("current_request", default="")
"""Id of the request that this thread of execution serves; empty outside requests."""

MESSAGE_LIMIT = 2000

PLAIN = re.compile(r"[a-z0-9._-]{0,40}")
"""What a part of our own addresses looks like."""


def places(trace: TracebackType | None) -> list[str]:
    """Innermost 20 frames as `file:line function`, without source lines and without values."""
    frames = traceback.extract_tb(trace)[-20:]
    return [f"{frame.filename.rsplit('/site-packages/')[-1]}:{frame.lineno} {frame.name}" for frame in frames]


def without_values(message: str, request: Any) -> str:
    """The message with `<name>` for each text in an address: whatever stands there came from outside.

    Numbers stay: they are keys of ours. Where the address is none of ours only plain words of it stay.
    """
    if request is None:
        return message
    match = getattr(request, "resolver_match", None)
    if match is None or not match.kwargs:
        plain = "/".join(part if PLAIN.fullmatch(part) else "<...>" for part in request.path.split("/"))
        return message.replace(request.path, plain)
    for name, value in match.kwargs.items():
        if value and not str(value).isdigit():
            message = message.replace(f"/{value}", f"/<{name}>")
    return message


class JsonLines(logging.Formatter):
    """Time (UTC), level, logger, message, request id; of an exception its type and places only.

    The text of an exception is left out: a database error quotes the row that it refused. JSON escapes line
    breaks, so a value from outside cannot start a line of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        request = getattr(record, "request", None)
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_values(record.getMessage(), request)[:MESSAGE_LIMIT],
        }
        # Django logs a refused request after the middleware has gone; the request itself still knows.
        request_id = current_request.get() or getattr(request, "request_id", "")
        if request_id:
            line["request_id"] = request_id
        if status := getattr(record, "status_code", None):
            line["status"] = status
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["places"] = places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, default=str)
