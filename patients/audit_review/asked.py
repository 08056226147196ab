"""What a reviewer asks the audit trail for, read strictly from text: nothing unknown is passed over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.audit_review.acts import KindOfAct
from patients.audit_review.kinds import kinds_named
from patients.audit_review.reach import Reach
from patients.models import Subject
from trials.actions.errors import Refused
from trials.audit import clock
from trials.models import ChainKind, Role, Site, Source, Study
from trials.text import fault_in

LONGEST = 100
KEY = 18
"""Digits of a key that every database can be asked for."""


class Risk(models.TextChoices):
    AFTER_SIGNATURE = "AFTER_SIGNATURE", _("Changed after signature")
    AFTER_VERIFICATION = "AFTER_VERIFICATION", _("Changed after verification")
    OUTSIDE_HOURS = "OUTSIDE_HOURS", _("Outside working hours of the site")
    LATE = "LATE", _("Entered long after the visit day")


class Reviewed(models.TextChoices):
    NO = "false", _("Not yet reviewed")
    YES = "true", _("Reviewed")


BESIDE_ROLES = {"SYSTEM": _("System"), "SELF": _("The owner of the account")}
"""Acts of commands, and of people on their own account."""

PARAMETERS: dict[str, Any] = {
    "study": _("Code of the study"),
    "site": _("Code of the site: its casebooks and its own acts"),
    "subject": _("Code of the subject"),
    "area": _("Casebooks, sites, study or installation"),
    "user": _("Username of who acted"),
    "role": _("Role in which somebody acted"),
    "from": _("From this day or instant on, for example 2021-03-14 or 2021-03-14T09:30:00+08:00"),
    "to": _("Up to this day (included) or before this instant"),
    "visit": _("Code of the visit"),
    "form": _("OID of the form; SV: visits; else a kind of record such as QUERY"),
    "record": _("Number of the record (its id); with form"),
    "row": _("Row of a form, for example results 3; with form"),
    "field": _("Name of the field whose value changed"),
    "source": _("Through which way"),
    "action": _("Act as it is recorded, or its first words: correct VS, correct, enroll"),
    "kind": _("Kind of change"),
    "risk": _("What a risk-based review looks at first"),
    "reviewed": _("Whether it is marked as reviewed"),
}
CHOICES: dict[str, list[str]] = {
    "area": list(ChainKind.values),
    "role": [*Role.values, *BESIDE_ROLES],
    "source": list(Source.values),
    "kind": list(KindOfAct.values),
    "risk": list(Risk.values),
    "reviewed": list(Reviewed.values),
}


@dataclass(frozen=True)
class Asked:
    """The filters, each empty or checked; what they name is in the reader's reach."""

    given: Mapping[str, str]
    study: Study | None = None
    site: Site | None = None
    subject: Subject | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, "")

    @property
    def narrows(self) -> bool:
        """Whether the filters leave out acts within the places they name."""
        return bool(set(self.given) - {"study", "site", "subject", "reviewed"})

    def words(self) -> str:
        """What was asked, for the record of an export."""
        return "; ".join(f"{name}={value}" for name, value in sorted(self.given.items())) or "everything"


def asked(reach: Reach, sent: Mapping[str, str]) -> Asked:
    """The filters that were sent, by name. Raises Refused naming each parameter that is wrong.

    A study, site or subject out of reach is refused in the words for one that does not exist.
    """
    given = {name: value.strip() for name, value in sent.items() if value.strip()}
    errors = {name: ["is not a parameter of the audit trail"] for name in given if name not in PARAMETERS}
    for name, value in given.items():
        if name in PARAMETERS and (why := _fault(name, value, given)):
            errors[name] = [why]
    if errors:
        raise Refused(errors)
    study = _place(reach.studies_known(), "study", given, {})
    within = {"study": study} if study else {}
    return Asked(
        given,
        study,
        _place(reach.sites, "site", given, within),
        _place(reach.subjects, "subject", given, within),
        _instant("from", given, last=False),
        _instant("to", given, last=True),
    )


def _fault(name: str, value: str, given: Mapping[str, str]) -> str:
    if len(value) > LONGEST:
        return f"has more than {LONGEST} characters"
    if fault := fault_in(value, lines=False):
        return fault
    if name in CHOICES and value not in CHOICES[name]:
        return f"must be one of: {', '.join(CHOICES[name])}"
    if name in ("record", "row") and "form" not in given:
        return "needs a form"
    if name == "record" and not (value.isascii() and value.isdigit() and len(value) <= KEY):
        return "must be the number of a record"
    found = kinds_named().get(given.get("form", ""), ())
    if name == "form" and not found:
        return "is not a form or kind of record of this study"
    if name == "row" and found:
        row, _space, number = value.rpartition(" ")
        if row not in {kind.row_name for kind in found if kind.row_name}:
            return "must be the name of rows of this form and a number, for example results 3"
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            return "must end with the number of the row"
    if name == "field":
        return _field_fault(value, found if "form" in given else None)
    return ""


def _field_fault(value: str, found: Any) -> str:
    everywhere = found if found is not None else [each for of in kinds_named().values() for each in of]
    known = any(value in kind.names for kind in everywhere)
    return "" if known else "is not a field of " + ("this form" if found is not None else "any form")


def _place(known: Any, name: str, given: Mapping[str, str], within: Mapping[str, Any]) -> Any:
    if name not in given:
        return None
    found = list(known.filter(code=given[name], **within)[:2])
    if not found:
        raise Refused({name: [f"is not a {name} whose audit trail you may read"]})
    if len(found) > 1:
        raise Refused({name: ["exists in more than one study: name the study, too"]})
    return found[0]


def _instant(name: str, given: Mapping[str, str], *, last: bool) -> datetime | None:
    """A day begins and ends at midnight in the zone of the installation."""
    text = given.get(name)
    if text is None:
        return None
    try:
        if len(text) == len("2021-03-14"):
            day = date.fromisoformat(text) + timedelta(days=1 if last else 0)
            return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))
        return clock.instant(text)
    except (ValueError, OverflowError):
        raise Refused(
            {name: ["must be a day (2021-03-14) or an instant with its time zone (2021-03-14T09:30:00Z)"]}
        ) from None
