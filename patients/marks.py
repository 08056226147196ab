"""The marks of forms as they stand: what is frozen, locked, verified, signed, and what lost its verification.

Pages, replies and guards all ask here. The number of queries does not grow with the number of forms.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from patients.lifecycle import State
from patients.models import (
    CaseReportForm,
    Lock,
    LockKind,
    LockScope,
    LockState,
    SignedForm,
    Subject,
    Verification,
    VerificationState,
)

AT_ONCE = 500  # parameters of one statement
FormKey = tuple[str, int]
"""OID and key of a form."""


@dataclass(frozen=True)
class FormPlace:
    """Which form, and where in the study it stands."""

    key: FormKey
    subject: Subject
    visit_id: int | None


@dataclass(frozen=True)
class Marks:
    """The marks of one form. `lost`: a verification that a change took away and that nobody renewed."""

    verified: State = State.NO
    signed: State = State.NO
    frozen: Lock | None = None
    locked: Lock | None = None
    lost: Verification | None = None

    @property
    def closed_by(self) -> Lock | None:
        """What keeps the form from being changed; a lock before a freeze."""
        return self.locked or self.frozen

    @property
    def lock_state(self) -> State:
        """Of the lock that holds the form, at whatever scope."""
        if self.locked is None:
            return State.NO
        return State.UNLOCK_ASKED if self.locked.state == LockState.UNLOCK_ASKED else State.LOCKED


class Closures:
    """The freezes and locks in force over some subjects."""

    def __init__(self, locks: Iterable[Lock]) -> None:
        self._by_scope: dict[tuple[Any, ...], list[Lock]] = {}
        for lock in locks:
            self._by_scope.setdefault(_scope_of(lock), []).append(lock)

    def __bool__(self) -> bool:
        return bool(self._by_scope)

    def over(self, subject: Subject, visit_id: int | None = None, form: FormKey | None = None) -> list[Lock]:
        """All that covers the form, the visit, or (neither given) the subject: the widest first."""
        scopes: list[tuple[Any, ...]] = [
            (LockScope.STUDY, subject.study_id),
            (LockScope.SITE, subject.site_id),
            (LockScope.SUBJECT, subject.pk),
        ]
        scopes += [(LockScope.VISIT, visit_id)] if visit_id is not None else []
        scopes += [(LockScope.FORM, form)] if form is not None else []
        return [lock for scope in scopes for lock in self._by_scope.get(scope, ())]

    def of_forms(self, subject: Subject) -> list[Lock]:
        """Those of single forms of the subject."""
        found = (lock for locks in self._by_scope.values() for lock in locks)
        return [lock for lock in found if lock.scope == LockScope.FORM and lock.subject_id == subject.pk]


def _scope_of(lock: Lock) -> tuple[Any, ...]:
    keys: dict[str, Any] = {
        LockScope.STUDY: lock.study_id,
        LockScope.SITE: lock.site_id,
        LockScope.SUBJECT: lock.subject_id,
        LockScope.VISIT: lock.visit_id,
        LockScope.FORM: (lock.form, lock.record_id),
    }
    return LockScope(lock.scope), keys[lock.scope]


def closures_over(subjects: Iterable[Subject]) -> Closures:
    """What is frozen or locked for these subjects: with their study, their site or within their casebook."""
    known = {subject.pk: subject for subject in subjects}
    found: dict[int, Lock] = {}
    for keys in in_portions(list(known)):
        wide = Q(scope=LockScope.STUDY, study_id__in={known[key].study_id for key in keys})
        wide |= Q(scope=LockScope.SITE, site_id__in={known[key].site_id for key in keys})
        locks = Lock.objects.filter(wide | Q(subject_id__in=keys), state__in=LockState.closing())
        for lock in locks.select_related("set_by", "study", "site", "subject", "visit"):
            found[lock.pk] = lock
    return Closures(found.values())


def marks_of(places: Sequence[FormPlace], closures: Closures | None = None) -> dict[FormKey, Marks]:
    """The marks of each form, by OID and key. `closures` over their subjects, where they were read before."""
    if not places:
        return {}
    if closures is None:
        closures = closures_over({place.subject.pk: place.subject for place in places}.values())
    keys = [place.key for place in places]
    verifications, signed = latest_verifications(keys), signed_forms(keys)
    return {
        place.key: _marks(
            closures.over(place.subject, place.visit_id, place.key),
            verifications.get(place.key),
            place.key in signed,
        )
        for place in places
    }


def place_of(record: CaseReportForm) -> FormPlace:
    return FormPlace((record.form.oid, record.pk), record.subject, record.visit_id)


def marks_of_record(record: CaseReportForm) -> Marks:
    """The marks of one form."""
    place = place_of(record)
    return marks_of([place])[place.key]


def signed_forms(keys: Sequence[FormKey]) -> set[FormKey]:
    """Which of the forms are under a signature that no change has made void."""
    found: set[FormKey] = set()
    for records in in_portions(sorted({key for _oid, key in keys})):
        signed = SignedForm.objects.filter(
            record_id__in=records, form__in={oid for oid, _key in keys}, void=False
        )
        found |= set(signed.values_list("form", "record_id"))
    return found & set(keys)


def _marks(locks: Sequence[Lock], verification: Verification | None, signed: bool) -> Marks:
    in_force = verification is not None and verification.state == VerificationState.IN_FORCE
    lost = verification is not None and verification.state == VerificationState.DROPPED
    return Marks(
        verified=State(verification.extent) if verification is not None and in_force else State.NO,
        signed=State.SIGNED if signed else State.NO,
        frozen=next((lock for lock in locks if lock.kind == LockKind.FREEZE), None),
        locked=next((lock for lock in locks if lock.kind == LockKind.LOCK), None),
        lost=verification if lost else None,
    )


def latest_verifications(keys: Sequence[FormKey]) -> dict[FormKey, Verification]:
    """The newest verification of each form that has ever had one."""
    wanted, newest = set(keys), {}
    for records in in_portions(sorted({key for _oid, key in keys})):
        found = Verification.objects.filter(record_id__in=records, form__in={oid for oid, _key in keys})
        for each in found.select_related("verified_by").order_by("id"):
            if (each.form, each.record_id) in wanted:
                newest[each.form, each.record_id] = each
    return newest


def in_portions(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """So many at a time as one statement takes."""
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]
