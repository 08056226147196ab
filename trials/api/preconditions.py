"""The version of a record as a strong ETag, and the If-Match that every change must bring."""

import re

from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request

ONE_TAG = re.compile(r'(W/)?"([^"]*)"', re.ASCII)
VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
NO_VERSION = 0
"""Versions start at 1: a tag that is none of ours is stale against every record."""


class PreconditionRequired(APIException):
    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = 'Send If-Match with the version that you read, for example If-Match: "3".'


class PreconditionMalformed(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = 'If-Match must name one version in quotation marks, for example "3"; * is refused.'


def etag(version: int) -> str:
    """The entity tag of a version.

    >>> etag(3)
    '"3"'
    """
    return f'"{version}"'


def version_named(request: Request) -> int:
    """The version that If-Match names. Raises PreconditionRequired without one, PreconditionMalformed.

    A weak tag, or one that is no version of ours, is NO_VERSION: it matches nothing.
    """
    sent = request.headers.get("If-Match", "").strip()
    if not sent:
        raise PreconditionRequired()
    match = ONE_TAG.fullmatch(sent)
    if match is None:
        raise PreconditionMalformed()
    weak, tag = match.groups()
    # "01" is another tag than "1": tags are compared as text, never as numbers.
    is_version = not weak and VERSION.fullmatch(tag) is not None
    return int(tag) if is_version else NO_VERSION
