"""The marks of forms as JSON: verified, signed, frozen, locked; read-only beside the answers."""

from typing import Any

from patients.lifecycle import State
from patients.marks import Marks

MARKS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Marks of the form, beside its entry state; set by verifications, signatures and locks",
    "readOnly": True,
    "required": ["verified", "signed", "frozen", "locked"],
    "properties": {
        "verified": {"type": "string", "enum": [State.NO, State.CRITICAL, State.WHOLE]},
        "signed": {"type": "boolean"},
        "frozen": {"type": ["integer", "null"], "title": "Id of the freeze that covers it, in locks"},
        "locked": {"type": ["integer", "null"], "title": "Id of the lock that covers it, in locks"},
    },
    "additionalProperties": False,
}


def shown_marks(marks: Marks) -> dict[str, Any]:
    """The marks of one form; a freeze or lock by its id, whatever its scope."""
    return {
        "verified": marks.verified.value,
        "signed": marks.signed is State.SIGNED,
        "frozen": marks.frozen.pk if marks.frozen is not None else None,
        "locked": marks.locked.pk if marks.locked is not None else None,
    }
