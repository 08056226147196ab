"""One endpoint of one subject as JSON, with the records that each step rests on."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ecrf.reports.choices import Choices, Confirmation
from ecrf.reports.endpoints import SubjectEndpoints, response_steps
from patients.facts import Moment, Source
from trials.clinical.endpoints.result import Endpoint, Step, Time, TimeToEvent
from trials.clinical.endpoints.rules import IN_WORDS, Censoring, Handling
from trials.clinical.recist.best_response import BestResponse

JSON = dict[str, Any]
FOUR_DECIMALS = ".4f"


def derivation_as_json(name: str, found: SubjectEndpoints, chosen: Choices, moment: Moment) -> JSON:
    """The derivation of that name: `pfs`, `os`, `dor` or `response`."""
    return {
        "subject": found.subject.code,
        "study": found.subject.study.code,
        "derivation": name,
        "as_of": moment.as_of,
        "cutoff": moment.cutoff,
        "arm": found.arm.code if found.arm else None,
        **DERIVATIONS[name](found, chosen),
    }


def _pfs(found: SubjectEndpoints, chosen: Choices) -> JSON:
    alternatives = [
        (censoring, resection, found.time(Endpoint.PFS, chosen.under(censoring, resection)))
        for censoring in Censoring
        for resection in Handling
    ]
    return {
        "censoring": chosen.rules.censoring,
        **_time(found.time(Endpoint.PFS, chosen)),
        "alternatives": [
            {"censoring": censoring, "resection": resection, "outcome": other.outcome, **_length(other.time)}
            for censoring, resection, other in alternatives
        ],
    }


def _os(found: SubjectEndpoints, chosen: Choices) -> JSON:
    return _time(found.time(Endpoint.OS, chosen))


def _dor(found: SubjectEndpoints, chosen: Choices) -> JSON:
    times = {
        confirmation: found.time(Endpoint.DOR, chosen, confirmation) for confirmation in chosen.confirmations
    }
    return {
        "censoring": chosen.rules.censoring,
        "readings": [{"reading": confirmation, **_time(time)} for confirmation, time in times.items()],
    }


def _response(found: SubjectEndpoints, chosen: Choices) -> JSON:
    return {"readings": [_best(found, confirmation) for confirmation in chosen.confirmations]}


def _best(found: SubjectEndpoints, confirmation: Confirmation) -> JSON:
    best = found.best(confirmation)
    known = isinstance(best, BestResponse)
    return {
        "reading": confirmation,
        "response": best.response if isinstance(best, BestResponse) else None,
        "date": best.on if isinstance(best, BestResponse) else None,
        "confirmed_on": best.confirmed_on if isinstance(best, BestResponse) else None,
        "words": best.words if isinstance(best, BestResponse) else best.sentence(),
        "missing": [] if known else list(getattr(best, "missing", ())),
        "steps": _steps(response_steps(found, confirmation)),
    }


def _time(time: TimeToEvent) -> JSON:
    return {
        "outcome": time.outcome,
        "counted_from": time.origin,
        **_length(time.time),
        "earliest": _possible(time.earliest),
        "latest": _possible(time.latest),
        "missing": list(time.missing),
        "words": time.words,
        "steps": _steps(time.steps),
    }


def _length(time: Time | None) -> JSON:
    return {
        "date": time and time.on,
        "days": time and time.days,
        "months": time and format(time.months, FOUR_DECIMALS),
        "rule": time and time.rule,
        "rule_in_words": time and IN_WORDS[time.rule],
    }


def _possible(time: Time | None) -> JSON | None:
    return None if time is None else {"outcome": time.outcome, **_length(time)}


def _steps(steps: Iterable[Step]) -> list[JSON]:
    return [
        {
            "words": step.words,
            "records": [_record(each) for each in step.sources if isinstance(each, Source)],
        }
        for step in steps
    ]


def _record(told: Source) -> JSON:
    """A value that a step rests on, and where it is read."""
    key = told.subject if told.path == "subjects" else told.record_id
    return {
        "form": told.form or None,
        "visit": told.visit,
        "repeat": told.repeat,
        "row": told.row or None,
        "field": told.field,
        "question": told.question,
        "value": told.value,
        "link": f"/api/v1/{told.path}/{key}/",
    }


DERIVATIONS: Mapping[str, Callable[[SubjectEndpoints, Choices], JSON]] = {
    "pfs": _pfs,
    "os": _os,
    "dor": _dor,
    "response": _response,
}
