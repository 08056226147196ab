"""Sending a line of the table as one person, and reading the reply as a word of the vocabulary."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import resolve
from knox.models import get_token_model

from patients.forms import definition_of, form_models
from patients.models import CaseReportForm
from tests.access.bodies import BODIES
from tests.access.table import PLACEHOLDER, Line, placeholder_values
from tests.access.world import World, row_of
from tests.ecrf.api.client import client_of
from tests.taken_back import taken_back
from trials.models import User

INVENTED_KEY = 987654321
INVENTED_TEXT = "ZZ-987"
KEPT_OF_USE = ("django_session", "trials_usersession", "trials_accesstoken", "axes_")
"""What notes that a session or token was used, and failed logins: no record of the trial."""

WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+"(\w+)"', re.IGNORECASE)
CHANGING = re.compile(
    r'"request_id": ?"[^"]*"|nonce="[^"]*"|csrfmiddlewaretoken" value="[^"]*"|[0-9a-f]{8}-[0-9a-f-]{27}'
)


@dataclass(frozen=True)
class Kind:
    """What a placeholder of kinds stands for in one request: its word in the path, and a row of the kind."""

    name: str = ""
    word: str = ""
    row: Any = None


@dataclass
class Person:
    """Somebody at the doors: a browser with a session for the pages, a token for REST."""

    name: str
    world: World
    user: User | None
    own: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.browser = Client(raise_request_exception=False)
        self.cookies: dict[str, str] = {}
        self.rest: Any = Client(raise_request_exception=False)
        self.own = {name: self.world.records[name[4:]] for name in ("own_session", "own_token")}
        if self.user is None:
            return
        self.browser.force_login(self.user, backend="trials.authentication.RoleBackend")
        self.browser.get("/admin/account/")  # a session is listed from its first request on
        self.cookies = {name: morsel.value for name, morsel in self.browser.cookies.items()}
        self.rest = client_of(self.user)
        token, _text = get_token_model().objects.create(user=self.user)
        self.own = {"own_session": self.user.sessions.latest("pk"), "own_token": token}

    @property
    def column(self) -> str:
        """The column of the role at its own place."""
        return self.name.split()[-1]

    @property
    def elsewhere(self) -> str:
        """The column of somebody of another site or study; empty at the own place."""
        return self.name.split()[0] if " " in self.name else ""


class Keys(Mapping[str, Any]):
    """Values of placeholders: `subject` is a key, `subject.code` a member of the record."""

    def __init__(self, person: Person, kind: Kind, *, invented: bool = False) -> None:
        self.records = {**person.world.records, **person.own, "pk": kind.row}
        self.given = {
            kind.name: kind.word,
            "me": person.user.username if person.user else "",
            "at_visit": _is_at_visit(kind.row),
            "study.code": person.world.study.code,
        }
        self.invented = invented

    def __getitem__(self, name: str) -> Any:
        if name in self.given:
            return self.given[name]
        if name == "key":  # of a noun over REST: its code, where it has one
            name = f"pk.{'code' if hasattr(self.records['pk'], 'code') else 'pk'}"
        record_name, _dot, member = name.partition(".")
        value = getattr(self.records[record_name], member or "pk")
        if self.invented and member != "version":
            return INVENTED_KEY if isinstance(value, int) else INVENTED_TEXT
        return value

    def __iter__(self) -> Iterator[str]:
        return iter([*self.given, *self.records])

    def __len__(self) -> int:
        return len(self.given) + len(self.records)


def _is_at_visit(row: Any) -> bool:
    return isinstance(row, CaseReportForm) and definition_of(type(row)).at_visit


def kinds(line: Line, world: World) -> list[Kind]:
    """Every kind of form or noun that the line stands for; one without any where it names none."""
    for name in ("form", "noun", "site_noun"):
        if f"{{{name}}}" in line.path:
            words = _form_words(line.face) if name == "form" else placeholder_values(line.face, name)
            return [
                Kind(name, word, row_of(_model(line.face, word), world.records["subject"])) for word in words
            ]
    return [Kind()]


def _form_words(face: str) -> list[str]:
    if face == "rest":
        return [model.form.path for model in form_models()]
    return [f"{model._meta.app_label}/{model._meta.model_name}" for model in form_models()]


def _model(face: str, word: str) -> type[Model]:
    if face == "admin":
        return apps.get_model(word.replace("/", "."))
    found: Any = resolve(f"/api/v1/{word}/").func
    return found.cls.queryset.model


def filled(line: Line, keys: Mapping[str, Any]) -> str:
    return PLACEHOLDER.sub(lambda match: str(keys[match[1]]), line.path)


@dataclass(frozen=True)
class Reply:
    word: str
    status: int
    body: str
    sent: str
    wrote: list[str]
    """Tables into which the request wrote, beside those that note the use of a session or token."""


def ask(person: Person, line: Line, method: str, kind: Kind, *, invented: bool = False) -> Reply:
    """Send it; whatever it did is taken back."""
    keys = Keys(person, kind, invented=invented)
    return knock(person, method, filled(line, keys), BODIES[line.sends](keys), version=_version(line, keys))


def knock(person: Person, method: str, path: str, body: Any = None, *, version: Any = 1) -> Reply:
    cache.clear()  # throttles count in it
    wrote: list[str] = []
    with taken_back(), connection.execute_wrapper(_noting(wrote)):
        reply: Any = _send(person, method, path, body or {}, version)
        content = b"".join(reply.streaming_content) if reply.streaming else reply.content
        kept = [table for table in wrote if not table.startswith(KEPT_OF_USE)]
    return Reply(word_of(reply), reply.status_code, content.decode(errors="replace"), f"{path} {body}", kept)


def _send(person: Person, method: str, path: str, body: Any, version: Any) -> Any:
    if path.startswith("/api/") and path != "/api/docs/":  # a page for people
        options = {"content_type": "application/json", "headers": {"If-Match": f'"{version}"'}}
        if method in ("GET", "HEAD", "OPTIONS"):
            return person.rest.generic(method, path)
        return person.rest.generic(method, path, _json(body), **options)
    browser = person.browser
    browser.cookies.load(person.cookies)  # the request before may have logged out, or got a new key
    return browser.post(path, body) if method == "POST" else browser.generic(method, path)


def _json(body: Any) -> str:
    return json.dumps(body, default=str)


def _version(line: Line, keys: Keys) -> Any:
    """The version of the record that the path names last."""
    for name in reversed(line.placeholders()):
        record = keys.records.get(name.partition(".")[0])
        held: Any = getattr(record, "parent", record)
        if hasattr(held, "version"):
            return held.version
    return keys.records["lab_result"].parent.version if line.sends == "result" else 1


def _noting(wrote: list[str]) -> Any:
    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if match := WRITE.match(sql):
            wrote.append(match[1])
        return run(sql, params, many, context)

    return execute


def word_of(reply: Any) -> str:
    """The reply as a word of the vocabulary, or its status where none fits."""
    if reply.status_code == 401 or reply.headers.get("Location", "").startswith("/admin/login/"):
        return "login"
    words = {403: "no", 404: "hidden", 405: "never"}
    return words.get(reply.status_code, "yes" if reply.status_code < 500 else str(reply.status_code))


def comparable(reply: Reply, event: int) -> tuple[int, str]:
    """A refusal without what differs from request to request, and without the event that was sent."""
    return reply.status, CHANGING.sub("", reply.body).replace(str(event), "")


REFUSALS = frozenset({"no", "hidden", "login", "never"})


def expected(person: Person, line: Line) -> frozenset[str]:
    """The words with which the reply may be read. Where a foreign record does not exist, a role that may
    not do the thing at its own place either may be told so first."""
    if person.elsewhere:
        word, own = line.cells[person.elsewhere], _read(line.cells[person.column])
        if word in ("same", "unknown"):
            return own
        return _read(word) | (own & REFUSALS if word == "hidden" else frozenset())
    return _read(line.cells[person.column])


def _read(word: str) -> frozenset[str]:
    if word == "never":
        return frozenset({"never", "no", "hidden", "login"})
    return frozenset({"yes" if word == "public" else word})


def counts() -> dict[str, int]:
    """How many rows each table holds."""
    tables = [name for name in connection.introspection.table_names() if not name.startswith(KEPT_OF_USE)]
    quoted = [connection.ops.quote_name(name) for name in tables]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'(SELECT count(*) FROM {name})' for name in quoted)}")  # noqa: S608
        return dict(zip(tables, cursor.fetchone(), strict=True))
