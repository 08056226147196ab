"""How many queries a page of the admin or of the API costs, and how long it takes, without a network."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.study import Setting

BACKEND = "trials.authentication.RoleBackend"
TIMES = 5


@dataclass(frozen=True)
class Page:
    """A page in a study of so many subjects; seconds are a median."""

    name: str
    subjects: int
    queries: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def queries_of(work: Callable[[], object]) -> int:
    """How many statements the work sends to the database."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def api_queries(token: str, path: str) -> int:
    """The queries of one request to the API."""
    client = Client(headers={"host": "127.0.0.1", "authorization": f"Bearer {token}"})

    def ask() -> None:
        reply = client.get(path)
        assert reply.status_code == 200, (path, reply.status_code)
        reply.getvalue()  # a stream is read to its end

    ask()
    return queries_of(ask)


def measure(setting: Setting) -> list[Page]:
    """The subject's page, and the lists of subjects and of samples, as the coordinator sees them."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(setting.coordinator, backend=BACKEND)
    return [
        _page(client, name, address, len(setting.subjects)) for name, address in _addresses(setting).items()
    ]


def _addresses(setting: Setting) -> Mapping[str, str]:
    subject = setting.subjects[0].pk
    return {
        "admin: page of one subject": reverse("admin:patients_subject_change", args=[subject]),
        "admin: list of subjects": reverse("admin:patients_subject_changelist"),
        "admin: list of laboratory samples": reverse("admin:patients_labsample_changelist"),
    }


def _page(client: Client, name: str, address: str, subjects: int) -> Page:
    def ask() -> None:
        reply = client.get(address)
        assert reply.status_code == 200, (address, reply.status_code)

    ask()
    queries, seconds = queries_of(ask), []
    for _ in range(TIMES):
        start = perf_counter()
        ask()
        seconds.append(perf_counter() - start)
    return Page(name, subjects, queries, median(seconds))
