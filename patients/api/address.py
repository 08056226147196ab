"""Subjects and visits as requests name them; what the user may not see does not exist."""

from collections.abc import Mapping
from typing import Any

from patients.models import Subject, Visit
from patients.selectors import subjects
from trials.actions.errors import Refused
from trials.api.resource import Ambiguous
from trials.models import User


class UnknownSubject(Refused):
    """In the same words and with the same status for a missing subject and for another site's."""

    status = 404

    def __init__(self, name: str = "subject") -> None:
        super().__init__({name: ["is not a known subject"]})


def subject_named(user: User, data: Mapping[str, Any], name: str = "subject") -> Subject:
    """The subject whose code stands under `name`, of the study under `study` where that is needed.

    Raises Refused (none named), UnknownSubject, Ambiguous.
    """
    code, study = data.get(name), data.get("study")
    if code in (None, ""):
        raise Refused({name: ["is required"]})
    if not isinstance(code, str) or not isinstance(study, str | None):
        raise Refused({name: ["must be the code of a subject"]})
    found = subjects(user).select_related("chain").filter(code=code)
    candidates = list((found.filter(study__code=study) if study else found)[:2])
    if not candidates:
        raise UnknownSubject(name)
    if len(candidates) > 1:
        raise Ambiguous("The subject's code exists in more than one study: name the study.")
    return candidates[0]


def visit_named(subject: Subject, data: Mapping[str, Any]) -> Visit | None:
    """The subject's visit whose code stands under `visit`, None when none is named. Raises Refused."""
    code = data.get("visit")
    if code in (None, ""):
        return None
    found = Visit.objects.filter(subject=subject, code=code).first() if isinstance(code, str) else None
    if found is None:
        raise Refused({"visit": ["is not a visit of this subject"]})
    return found
