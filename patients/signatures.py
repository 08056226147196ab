"""Signatures as they stand: on a form, in a casebook, and what waits to be signed. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, Count, Exists, F, OuterRef, QuerySet, Value

from patients.forms import about, definitions
from patients.lifecycle import WORDS, Obstacle, Step, transition
from patients.marks import FormKey, in_portions
from patients.models import (
    POLICY_VERSION,
    EntryState,
    PolicyAcknowledgment,
    Query,
    QueryState,
    Severity,
    Signature,
    SignatureScope,
    SignedForm,
    Subject,
    Visit,
)
from patients.selectors import visible
from trials.models import User
from trials.roles import Verb


def has_acknowledged(user: User) -> bool:
    """Whether the user has acknowledged the policy on signatures in the version in force."""
    return PolicyAcknowledgment.objects.filter(user=user, policy_version=POLICY_VERSION).exists()


# ---------------------------------------------------------------- on forms
def signatures_on(oid: str, records: Iterable[Any]) -> dict[int, list[SignedForm]]:
    """The signatures on forms of one kind by the key of the form, newest first, void ones as well."""
    found: dict[int, list[SignedForm]] = {record.pk: [] for record in records}
    for keys in in_portions(sorted(found)):
        signed = SignedForm.objects.filter(form=oid, record_id__in=keys).select_related("signature")
        for each in signed.order_by("-id"):
            found[each.record_id].append(each)
    return found


def signatures_of(record: Any) -> list[SignedForm]:
    """The signatures on one form, newest first."""
    return signatures_on(record.form.oid, [record])[record.pk]


# ---------------------------------------------------------------- of casebooks
@dataclass(frozen=True)
class FormStanding:
    """A form in force as it stands for signing: where it is, in which version, and what is against it."""

    subject_id: int
    visit_id: int | None
    oid: str
    record_id: int
    repeat: int
    version: int
    entry_state: str
    has_hard_query: bool
    is_signed: bool

    @property
    def key(self) -> FormKey:
        return self.oid, self.record_id

    @property
    def title(self) -> str:
        return str(about(self.oid).title)

    @property
    def against(self) -> list[str]:
        """Why it cannot be signed yet, in the words of the one table; empty where it can."""
        there = {
            Obstacle.IN_PROGRESS: self.entry_state == EntryState.IN_PROGRESS,
            Obstacle.HARD_QUERY: self.has_hard_query,
        }
        asked = transition(Step.SIGN).refused_by
        return [str(WORDS[each]) for each, holds in there.items() if holds and each in asked]

    @property
    def is_ready(self) -> bool:
        return not self.against


def forms_in_force(subjects: Sequence[Subject], visit: Visit | None = None) -> list[FormStanding]:
    """Every form of these subjects (of a visit) that is not entered in error, in the order of the casebook.

    One query, whatever their number.
    """
    order = {kind.oid: kind.standing for kind in definitions()}
    rows = _standing([subject.pk for subject in subjects], visit)
    found = [FormStanding(**row) for row in rows]
    return sorted(found, key=lambda each: (each.subject_id, order[each.oid], each.repeat, each.record_id))


def _standing(subjects: Sequence[int], visit: Visit | None) -> Iterable[dict[str, Any]]:
    names = [name for name in FormStanding.__dataclass_fields__ if name not in ("oid", "record_id")]
    parts = []
    for kind in definitions():
        own = _in_force(kind.model, kind.oid).filter(subject__in=subjects)
        if visit is not None:
            own = own.filter(visit=visit)
        parts.append(own.annotate(record_id=F("pk")).values("oid", "record_id", *names))
    first, *others = parts
    rows: Any = first.union(*others, all=True)
    return rows


def _in_force(model: Any, oid: str) -> QuerySet[Any]:
    """Forms of one kind in force, each told whether it is signed and whether a hard query waits on it."""
    hard = Query.objects.filter(
        form=oid, record_id=OuterRef("pk"), state__in=QueryState.waiting(), severity=Severity.HARD
    )
    signed = SignedForm.objects.filter(form=oid, record_id=OuterRef("pk"), void=False)
    return (
        model._default_manager.filter(entered_in_error=False)
        .order_by()
        .annotate(
            oid=Value(oid, output_field=CharField()),
            has_hard_query=Exists(hard),
            is_signed=Exists(signed),
        )
    )


@dataclass(frozen=True)
class CasebookSignature:
    """A signature of a whole casebook, and what it does not cover any more."""

    signature: Signature
    void: int
    new: int

    @property
    def is_whole(self) -> bool:
        return not self.void and not self.new


def casebook_signature(subject: Subject, forms: Sequence[FormStanding]) -> CasebookSignature | None:
    """The newest signature of the whole casebook; `forms` are those of the subject in force now."""
    signatures = Signature.objects.filter(subject=subject, scope=SignatureScope.CASEBOOK)
    signature = signatures.order_by("-id").first()
    if signature is None:
        return None
    signed = signature.signed_forms.values_list("form", "record_id", "void")
    covered = {(oid, key): void for oid, key, void in signed}
    new = sum(each.key not in covered for each in forms)
    return CasebookSignature(signature, sum(covered.values()), new)


# ---------------------------------------------------------------- what waits
@dataclass
class ToSign:
    """How many forms of a subject wait for a signature, and how many of them can be signed now."""

    subject: Subject
    unsigned: int = 0
    ready: int = 0


def to_sign(user: User) -> list[ToSign]:
    """The subjects at the user's own sites with unsigned forms, by code. Two queries."""
    subjects = {each.pk: each for each in visible(Subject, user, Verb.SIGN).select_related("site")}
    found: dict[int, ToSign] = {}
    for row in _unsigned_counts(user) if subjects else ():
        waiting = found.setdefault(row["subject_id"], ToSign(subjects[row["subject_id"]]))
        waiting.unsigned += row["number"]
        ready = row["entry_state"] != EntryState.IN_PROGRESS and not row["has_hard_query"]
        waiting.ready += row["number"] if ready else 0
    return sorted(found.values(), key=lambda each: each.subject.code)


def _unsigned_counts(user: User) -> Iterable[Mapping[str, Any]]:
    own = visible(Subject, user, Verb.SIGN).order_by().values("pk")
    parts = [
        _in_force(kind.model, kind.oid)
        .filter(subject__in=own, is_signed=False)
        .values("oid", "subject_id", "entry_state", "has_hard_query")
        .annotate(number=Count("pk"))
        for kind in definitions()
    ]
    first, *others = parts
    rows: Any = first.union(*others, all=True)
    return rows


@dataclass
class Part:
    """A visit (None: the whole casebook) with its forms, as the signing page lists them."""

    visit: Visit | None
    forms: list[FormStanding] = field(default_factory=list)


def by_visit(forms: Sequence[FormStanding], visits: Sequence[Visit]) -> list[Part]:
    """The forms by visit in the order of the visits, those of the whole casebook first."""
    parts = {None: Part(None)} | {visit.pk: Part(visit) for visit in visits}
    for each in forms:
        parts[each.visit_id].forms.append(each)
    return [part for part in parts.values() if part.forms]
