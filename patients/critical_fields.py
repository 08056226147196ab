"""Which questions are critical: study data, held to the forms that there are when a protocol is loaded."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from patients.forms import FormDefinition, definitions
from patients.models import Subject, VerificationExtent
from trials.models import StudySetting
from trials.protocol.records import Protocol
from trials.protocol.schema import SETTINGS

CRITICAL_FIELDS = "critical_fields"
PERCENTS = ("sdv_critical_percent", "sdv_whole_percent")


def critical_questions(study_id: int) -> Mapping[str, frozenset[str]]:
    """The critical questions of the study by OID; of a line: the name of the rows, a dot, the question."""
    setting = StudySetting.objects.filter(study_id=study_id, key=CRITICAL_FIELDS).first()
    given = setting.value if setting is not None else None
    return {oid: frozenset(names) for oid, names in (given or {}).items()}


def due_extent(subject: Subject, settings: Mapping[str, Any]) -> VerificationExtent | None:
    """How far the forms of a subject are to be verified, by the shares of the study; None: not at all.

    `settings`: values by key. Which subjects belong to a share follows from a digest of their code, so that
    everybody finds the same and no site sees a rule in it; a share is met about, not exactly.
    """
    place = int.from_bytes(hashlib.sha256(subject.code.encode()).digest()[:8], "big") % 100
    critical, whole = (settings.get(key) or 0 for key in PERCENTS)
    if place < whole:
        return VerificationExtent.WHOLE
    return VerificationExtent.CRITICAL if place < critical else None


def critical_fields_exist(protocol: Protocol) -> Iterator[str]:
    """Each form and question that the settings of verification name is there; shares lie in 0 to 100."""
    for setting in protocol.records[SETTINGS.name]:
        if setting["key"] == CRITICAL_FIELDS:
            for name in ("value", "default"):
                yield from (f"{setting.where}: {name}: {fault}" for fault in _faults(setting[name]))
        if setting["key"] in PERCENTS:
            share = setting["value"]
            if type(share) is not int or not 0 <= share <= 100:
                yield f"{setting.where}: value: must be a whole number from 0 to 100"


def _faults(given: Any) -> Iterator[str]:
    if not isinstance(given, dict):
        yield "must name the critical questions by form"
        return
    known = {definition.oid: definition for definition in definitions()}
    for oid, names in given.items():
        if oid not in known:
            yield f"“{oid}” is not a form"
        elif not isinstance(names, list) or not names or len(set(map(str, names))) < len(names):
            yield f"{oid}: must be a list of questions, each once"
        else:
            paths = set(_paths(known[oid]))
            yield from (
                f"{oid}: “{name}” is not a question of the form" for name in names if name not in paths
            )


def _paths(definition: FormDefinition) -> Iterator[str]:
    yield from (item.name for item in definition.asked)
    for name, section in definition.rows.items():
        yield from (f"{name}.{item.name}" for item in section.asked)
