"""What is sent with the lines of the table: the least that lets a request reach the question of rights."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.factories import PASSWORD

REASON = {"change_reason": "asked by the matrix"}
DAY = "2021-03-09"

Keys = Mapping[str, Any]
"""What stands for each placeholder, for example keys["subject.code"], and "me", the username of who asks."""


def _form(keys: Keys) -> dict[str, Any]:
    place = {"visit": keys["visit.code"]} if keys["at_visit"] else {}
    return {"subject": keys["subject.code"], **place}


def _seen(keys: Keys) -> dict[str, Any]:
    return {"form": "VS", "record_id": keys["vital_signs"], "version": keys["vital_signs.version"]}


def _credentials(keys: Keys) -> dict[str, Any]:
    return {"username": keys["me"], "password": PASSWORD}


BODIES: dict[str, Callable[[Keys], Any]] = {
    "": lambda keys: {},
    "reason": lambda keys: REASON,
    "words": lambda keys: {"text": "Is that right?"},
    # pages
    "page_form": lambda keys: {
        "subject": keys["subject"],
        "visit": keys["visit"] if keys["at_visit"] else "",
    },
    "page_choice": lambda keys: {
        "form": f"VS:{keys['vital_signs']}:{keys['vital_signs.version']}",
        "extent": "CRITICAL",
    },
    "page_site": lambda keys: {"noun": f"site-{keys['site']}", "kind": "FREEZE", **REASON},
    "page_enroll": lambda keys: {"site": keys["site"], "screened_on": DAY},
    "page_turn": lambda keys: {"turn": "0", **REASON},
    "page_event": lambda keys: {"up_to": keys["event"], "comment": "seen"},
    # REST
    "form": _form,
    "lines": lambda keys: [{"subject": keys["subject.code"], "visit": keys["visit.code"], "weight": "60"}],
    "enroll": lambda keys: {"site": keys["site.code"], "screened_on": DAY},
    "subject": lambda keys: {"subject": keys["subject.code"]},
    "visit": lambda keys: {
        "subject": keys["subject.code"],
        "occurred_on": DAY,
        "unscheduled_reason": "felt unwell",
    },
    "took_place": lambda keys: {"occurred_on": DAY, **REASON},
    "missed": lambda keys: {"missed_reason": "on a journey", **REASON},
    "result": lambda keys: {
        "sample": keys["lab_result.parent_id"],
        "test": "HGB",
        "value": "120",
        "unit": "g/L",
        **REASON,
    },
    "new_value": lambda keys: {"value": "31", **REASON},
    "events": lambda keys: {"up_to": [keys["event"]]},
    "lock_subject": lambda keys: {
        "scope": "SUBJECT",
        "subject": keys["subject.code"],
        "kind": "LOCK",
        **REASON,
    },
    "freeze_subject": lambda keys: {
        "scope": "SUBJECT",
        "subject": keys["subject.code"],
        "kind": "FREEZE",
        **REASON,
    },
    "scope_subject": lambda keys: {"scope": "SUBJECT", "subject": keys["subject.code"]},
    "verify": lambda keys: {**_seen(keys), "extent": "CRITICAL"},
    "ask": lambda keys: {
        "form": "VS",
        "record_id": keys["vital_signs"],
        "field": "height",
        "text": "Is that right?",
    },
    "redact_words": lambda keys: {"query": keys["query"], **REASON},
    "policy": lambda keys: {"version": "1"},
    "sign": lambda keys: {
        **_credentials(keys),
        "meaning": "REVIEW",
        "forms": [
            {
                "form": "VS",
                "subject": keys["subject.code"],
                "visit": "SCR",
                "version": keys["vital_signs.version"],
            }
        ],
    },
    "approve": lambda keys: {**_credentials(keys), **REASON},
    "range": lambda keys: {"high": "51", **REASON},
}
