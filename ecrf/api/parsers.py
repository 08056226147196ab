"""How the API reads bodies: JSON, strictly."""

from typing import Any

from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from trials.api.strict_json import strict_json


class StrictJSONParser(BaseParser):
    """UTF-8 JSON and nothing else; see `trials.api.strict_json`."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        charset = str((parser_context or {}).get("encoding") or "utf-8")
        if charset.lower() not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType(media_type or "", "JSON is read as UTF-8 only.")
        return strict_json(stream.read())
