"""Acts in words, and what kind of act each is: one table for every page, reply and export."""

from functools import cache

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.forms import definitions, record_models
from trials.audit import acts


class KindOfAct(models.TextChoices):
    FIRST_ENTRY = "FIRST_ENTRY", _("First entry")
    CHANGE = "CHANGE", _("Change")
    IN_ERROR = "IN_ERROR", _("Entered in error")
    WORKFLOW = "WORKFLOW", _("Other act (signature, lock, query, export ...)")


# The name of an act as it is recorded, with {} for the OID of a form, and what people read.
OF_A_FORM = {
    "enter {}": _("{} entered"),
    "correct {}": _("{} corrected"),
    "enter {} in error": _("{} marked as entered in error"),
    "import {}": _("{} imported"),
    "export {}": _("{} exported"),
}
OTHERS = {
    "enroll": _("Subject enrolled"),
    "randomize": _("Subject randomized"),
    "open visit": _("Day of a visit entered"),
    "correct visit": _("Day of a visit corrected"),
    "miss visit": _("Visit recorded as missed"),
    "add unscheduled visit": _("Unscheduled visit added"),
    "plan cycle": _("Next cycle planned"),
    "accept a reason": _("Query settled: the value stands"),
    "run edit checks": _("Edit checks run"),
    "correct reference range": _("Reference range corrected"),
    "review audit trail": _("Audit trail reviewed"),
    "export audit trail": _("Audit trail exported"),
    "raise a query": _("Query raised"),
    "answer a query": _("Query answered"),
    "comment on a query": _("Query commented on"),
    "close a query": _("Query closed"),
    "reopen a query": _("Query reopened"),
    "withdraw a query": _("Query withdrawn"),
    "mark slots unusable": _("Slots of a list marked as unusable"),
    "prove randomization": _("Randomization proved"),
    "record randomization error": _("Error of randomization recorded"),
    "ask for a redaction": _("Redaction asked for"),
    "agree to a redaction": _("Redaction agreed to and carried out"),
    "decline a redaction": _("Redaction declined"),
    "acknowledge signature policy": _("Meaning of signatures acknowledged"),
}
REVIEW = "review audit trail"
EXPORT_OF_TRAIL = "export audit trail"

FIRST_ENTRIES = ("enter {}", "import {}")
FIRST_ENTRIES_BESIDE_FORMS = ("enroll", "open visit", "add unscheduled visit")
CHANGES_BESIDE_FORMS = ("correct visit", "correct reference range")
BY_ITS_REASON = ("miss visit",)  # a first entry of a planned visit; a change, with a reason, of another one


def told(action: str) -> str:
    """An act in words; one that no table names keeps its own, with titles in the place of OIDs.

    >>> told("correct AE"), told("enter VS in error"), told("sign VS")
    ('Adverse event corrected', 'Vital signs marked as entered in error', 'Sign Vital signs')
    """
    if action in OTHERS:
        return str(OTHERS[action])
    titles = {oid: str(model.form.title) for oid, model in record_models().items()}
    words = action.split(" ")
    for oid in (word for word in words if word in titles):
        pattern = " ".join("{}" if word == oid else word for word in words)
        if pattern in OF_A_FORM:
            return str(OF_A_FORM[pattern]).format(titles[oid])
    return acts.told(" ".join(titles.get(word, word) for word in words))


def acts_of_forms(patterns: tuple[str, ...]) -> list[str]:
    """The names of acts on each form."""
    return [pattern.format(form.oid) for form in definitions() for pattern in patterns]


@cache
def _kinds() -> dict[str, KindOfAct]:
    return {
        **dict.fromkeys([*acts_of_forms(FIRST_ENTRIES), *FIRST_ENTRIES_BESIDE_FORMS], KindOfAct.FIRST_ENTRY),
        **dict.fromkeys([*acts_of_forms(("correct {}",)), *CHANGES_BESIDE_FORMS], KindOfAct.CHANGE),
        **dict.fromkeys(acts_of_forms(("enter {} in error",)), KindOfAct.IN_ERROR),
    }


def kind_of_act(action: str, reason: str) -> KindOfAct:
    """What kind of act an event is, by its name and reason."""
    if action in BY_ITS_REASON:
        return KindOfAct.CHANGE if reason else KindOfAct.FIRST_ENTRY
    return _kinds().get(action, KindOfAct.WORKFLOW)


def condition(kind: KindOfAct) -> Q:
    """The events of one kind; says the same as `kind_of_act`."""
    if kind is KindOfAct.WORKFLOW:
        return ~Q(action__in=[*_kinds(), *BY_ITS_REASON])
    found = Q(action__in=[action for action, each in _kinds().items() if each is kind])
    if kind is KindOfAct.FIRST_ENTRY:
        return found | Q(action__in=BY_ITS_REASON, reason="")
    if kind is KindOfAct.CHANGE:
        return found | (Q(action__in=BY_ITS_REASON) & ~Q(reason=""))
    return found
