"""Clients that write without pause, and the ledger of what they were told is stored."""

import json
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.faults.server import Reply, Server, Unreachable

API = "/api/v1/"
READINGS = [{"systolic": 120 + number, "diastolic": 80} for number in range(3)]
AGAIN = 0.05
"""Seconds until a request that got no reply is sent again."""


@dataclass(frozen=True)
class Acknowledged:
    """A write that the server said is stored: `mark` is the text that only this version of the form holds."""

    act: str
    address: str
    record: int | str
    version: int
    mark: str
    request_id: str


@dataclass
class Ledger:
    """What one client sent and what it was told."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    unanswered: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    slowest_seconds: float = 0

    def tell(self, reply: Reply) -> None:
        self.statuses[reply.status] = self.statuses.get(reply.status, 0) + 1


def together(ledgers: list[Ledger]) -> dict[str, Any]:
    """All ledgers as one, as the judge reads it."""
    return {
        "acknowledged": [asdict(each) for ledger in ledgers for each in ledger.acknowledged],
        "keys": [key for ledger in ledgers for key in ledger.keys],
    }


def write_ledger(ledgers: list[Ledger], path: Path) -> Path:
    path.write_text(json.dumps(together(ledgers)), encoding="utf-8")
    return path


class Client(Thread):
    """Enters, corrects and enrolls until it is told to stop; sends again what got no reply or a 503."""

    def __init__(self, server: Server, token: str, world: Mapping[str, Any], number: int) -> None:
        super().__init__(daemon=True)
        self.server, self.token, self.world = server, token, world
        codes = world["subjects"]
        self.subject = codes[number % len(codes)]
        self.ledger = Ledger()
        self.ended = Event()
        self.failure: BaseException | None = None
        self.chance = random.Random(number)

    def run(self) -> None:
        try:
            while not self.ended.is_set():
                self.chance.choice(
                    (self.enter_and_correct, self.enter_and_correct, self.measure, self.enroll)
                )()
        except BaseException as error:
            self.failure = error

    # ------------------------------------------------------------ acts
    def enter_and_correct(self) -> None:
        """A medical history, entered and then corrected: two versions."""
        mark = uuid.uuid4().hex
        made = self.create("medical-histories", mark, {"subject": self.subject, "term": mark})
        if made is None:
            return
        address, corrected = f"{API}medical-histories/{made['id']}/", uuid.uuid4().hex
        reply = self.correct(address, made["version"], corrected)
        if reply is not None and reply.status == 200:
            self.note("correct", address, reply, corrected)

    def measure(self) -> None:
        """Vital signs with three lines: a form that could be written in part."""
        mark = uuid.uuid4().hex
        more = {"visit": "SCR", "measured_on": "2021-03-01", "weight": "70", "blood_pressures": READINGS}
        self.create("vital-signs", mark, {"subject": self.subject, "external_id": mark, **more})

    def enroll(self) -> None:
        self.create("subjects", uuid.uuid4().hex, {"site": self.world["site"], "screened_on": "2021-03-01"})

    # ------------------------------------------------------------ requests
    def create(self, noun: str, mark: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Send until the server answers; None when the test ended before it did."""
        self.ledger.keys.append(mark)
        address = f"{API}{noun}/"
        reply = self.until_answered("POST", address, body, {"Idempotency-Key": mark})
        if reply is None:
            return None
        assert reply.status == 201, reply
        self.note(noun, address, reply, mark)
        made: dict[str, Any] = reply.json()
        return made

    def correct(self, address: str, version: int, term: str) -> Reply | None:
        """A correction; after a broken connection the version tells whether it was stored."""
        body = {"term": term, "change_reason": "load"}
        while True:
            try:
                reply = self.once("PATCH", address, body, {"If-Match": f'"{version}"'})
            except Unreachable:
                pass
            else:
                if reply.status == 412:  # an earlier try was stored, its reply was lost
                    assert reply.json()["current"]["term"] == term, reply
                    return None
                if reply.status != 503:
                    assert reply.status == 200, reply
                    return reply
            if self.ended.wait(AGAIN):
                return None

    def until_answered(
        self, method: str, address: str, body: Any, headers: Mapping[str, str]
    ) -> Reply | None:
        while True:
            try:
                reply = self.once(method, address, body, headers)
                if reply.status != 503:
                    return reply
            except Unreachable:
                pass
            if self.ended.wait(AGAIN):
                return None

    def once(self, method: str, address: str, body: Any, headers: Mapping[str, str]) -> Reply:
        began = time.monotonic()
        try:
            reply = self.server.ask(
                method, address, body, {"Authorization": f"Bearer {self.token}", **headers}
            )
        except Unreachable:
            self.ledger.unanswered += 1
            raise
        finally:
            self.ledger.slowest_seconds = max(self.ledger.slowest_seconds, time.monotonic() - began)
        self.ledger.tell(reply)
        return reply

    def note(self, act: str, address: str, reply: Reply, mark: str) -> None:
        shown = reply.json()
        replayed = "Idempotency-Replayed" in reply.headers
        self.ledger.acknowledged.append(
            Acknowledged(
                act=act,
                address=address,
                record=shown["code"] if act == "subjects" else shown["id"],
                version=shown["version"],
                mark=mark,
                request_id="" if replayed else reply.headers["X-Request-ID"],
            )
        )


def clients(server: Server, world: Mapping[str, Any], count: int) -> list[Client]:
    """Clients that have started."""
    token = server.token(world)
    started = [Client(server, token, world, number) for number in range(count)]
    for client in started:
        client.start()
    return started


def finish(writing: list[Client]) -> list[Ledger]:
    """Let every client end its act; raises what went wrong in one of them."""
    for client in writing:
        client.ended.set()
    for client in writing:
        client.join(timeout=60)
        if client.failure is not None:
            raise client.failure
    return [client.ledger for client in writing]
