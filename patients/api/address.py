"""Subjects and visits as requests name them; what the user may not see does not exist."""

from collections.abc import Mapping
from typing import Any

from patients.forms import definitions
from patients.models import CaseReportForm, Subject, Visit
from patients.selectors import subjects, visible
from trials.actions.errors import Refused
from trials.api.resource import Ambiguous
from trials.models import User
from trials.roles import Verb


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


class UnknownForm(Refused):
    """In the same words and with the same status for a missing form and for another site's."""

    status = 404

    def __init__(self) -> None:
        super().__init__({"record_id": ["is not a known form"]})


def form_named(user: User, data: Mapping[str, Any], verb: Verb) -> tuple[CaseReportForm, int]:
    """The filled form under `form` (OID) and `record_id`, and the `version` that was seen.

    Raises Refused naming the member, UnknownForm.
    """
    for name in ("record_id", "version"):
        value = data.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
            raise Refused({name: ["must be a whole number from 1"]})
    model = {each.oid: each.model for each in definitions()}.get(str(data.get("form")))
    if model is None:
        raise Refused({"form": ["must be the OID of a form"]})
    found = visible(model, user, verb).filter(pk=data["record_id"])
    record = found.select_related("subject__site", "subject__study", "subject__chain", "visit").first()
    if record is None:
        raise UnknownForm()
    return record, data["version"]


def visit_named(subject: Subject, data: Mapping[str, Any]) -> Visit | None:
    """The subject's visit whose code stands under `visit`, None when none is named. Raises Refused."""
    code = data.get("visit")
    if code in (None, ""):
        return None
    found = Visit.objects.filter(subject=subject, code=code).first() if isinstance(code, str) else None
    if found is None:
        raise Refused({"visit": ["is not a visit of this subject"]})
    return found
