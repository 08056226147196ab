"""Marks of forms in words and colors, as pages show them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from patients.actions.changes import NOT_DONE, WHOLE_ENTRY
from patients.admin.addresses import page_url
from patients.audit_review.kinds import WITHHELD
from patients.forms import FormDefinition, Section, definition
from patients.lifecycle import State
from patients.marks import Marks
from patients.models import Lock, LockKind, LockScope, Subject, Verification
from trials.models import User
from trials.roles import Verb, may

VERBS = (Verb.VERIFY, Verb.FREEZE, Verb.LOCK)
"""What lets a person mark forms on the page of marks."""


@dataclass(frozen=True)
class Badge:
    """One mark: `kind` colors it, `symbol` stands for it where there is little room."""

    kind: str
    words: str
    symbol: str


def badges(marks: Marks) -> list[Badge]:
    """The marks of a form beside its entry state."""
    return list(_badges(marks))


def _badges(marks: Marks) -> Iterator[Badge]:
    if marks.verified is State.WHOLE:
        yield Badge("VERIFIED", _("Verified"), "fact_check")
    if marks.verified is State.CRITICAL:
        yield Badge("VERIFIED", _("Critical answers verified"), "rule")
    if marks.lost is not None:
        yield Badge("UNVERIFIED", _("Verification lost"), "running_with_errors")
    if marks.signed is State.SIGNED:
        yield Badge("SIGNED", _("Signed"), "signature")
    if marks.frozen is not None:
        yield Badge("FROZEN", _("Frozen"), "ac_unit")
    if marks.locked is not None:
        yield Badge("LOCKED", _("Locked"), "lock")


@dataclass(frozen=True)
class ShownLock:
    """What keeps a form, visit or casebook from being changed, as a page says it."""

    lock: Lock
    covers: str
    reason: str

    @property
    def is_lock(self) -> bool:
        return self.lock.kind == LockKind.LOCK

    @property
    def url(self) -> str:
        return page_url(self.lock, "change", self.lock.pk)


def shown_lock(lock: Lock | None, user: User) -> ShownLock | None:
    """A freeze or lock as the user may see it: what was typed is for readers of free text."""
    if lock is None:
        return None
    return ShownLock(lock, covered(lock), lock.reason if reads_words(user, lock) else WITHHELD)


def reads_words(user: User, lock: Lock) -> bool:
    """Whether the user reads the reasons that people typed for a freeze or lock."""
    where: dict[str, Any] = {"site": lock.site} if lock.site is not None else {}
    return may(user, Verb.READ_FREE_TEXT, **where)


def covered(lock: Lock) -> str:
    """What a freeze or lock covers, in words."""
    match lock.scope:
        case LockScope.STUDY:
            return _("the study %(code)s") % {"code": lock.study.code}
        case LockScope.SITE if lock.site is not None:
            return _("the site %(code)s") % {"code": lock.site.code}
        case LockScope.VISIT if lock.visit is not None:
            return _("the visit %(code)s") % {"code": lock.visit.code}
        case LockScope.SUBJECT if lock.subject is not None:
            return _("the casebook of %(code)s") % {"code": lock.subject.code}
    return _("the form %(title)s") % {"title": definition(lock.form).title}


def may_mark(user: User, subject: Subject) -> bool:
    return any(may(user, verb, site=subject.site) for verb in VERBS)


def lost_by(verification: Verification) -> str:
    """The questions whose answers changed, as they are asked."""
    form = definition(verification.form)
    return "; ".join(_question(form, part.strip()) for part in verification.ended_because.split(","))


def _question(form: FormDefinition, part: str) -> str:
    line, _colon, name = part.rpartition(": ")
    rows, _space, repeat = line.partition(" ")
    section: Section | None = form.rows.get(rows) if rows else form
    stated: dict[str, Any] = {WHOLE_ENTRY: _("entered in error"), NOT_DONE: _("not done")}
    known = {item.name: item.question for item in section.items} if section is not None else {}
    words = stated.get(name) or known.get(name, name)
    return f"{_('line')} {repeat}: {words}" if repeat else str(words)
