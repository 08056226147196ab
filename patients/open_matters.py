"""What is left open in a study, site, casebook, visit or form before it is locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, Q, Value
from django.utils.translation import gettext as _

from patients.forms import definitions
from patients.lifecycle import Obstacle
from patients.models import (
    CaseReportForm,
    EntryState,
    LockScope,
    Query,
    QueryState,
    Severity,
    SignedForm,
    Subject,
    Verification,
    VerificationState,
    Visit,
    VisitStatus,
)
from trials.models import Site, Study

EXAMPLES = 10


@dataclass(frozen=True)
class Target:
    """What is frozen or locked, with what lies above it."""

    scope: LockScope
    study: Study
    site: Site | None = None
    subject: Subject | None = None
    visit: Visit | None = None
    record: CaseReportForm | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a row that covers it."""
        return {
            "scope": self.scope,
            "study": self.study,
            "site": self.site,
            "subject": self.subject,
            "visit": self.visit,
            "form": self.record.form.oid if self.record is not None else "",
            "record_id": self.record.pk if self.record is not None else None,
        }

    def condition(self, path: str = "subject") -> Q:
        """A filter for rows of captured data within it; `path` leads to their subject."""
        match self.scope:
            case LockScope.STUDY:
                return Q(**{f"{path}__study": self.study})
            case LockScope.SITE:
                return Q(**{f"{path}__site": self.site})
        return Q(**{path: self.subject})


def target_of(noun: Study | Site | Subject | Visit | CaseReportForm) -> Target:
    """A study, a site, a casebook, a visit or a form as what is to be frozen or locked."""
    match noun:
        case Study():
            return Target(LockScope.STUDY, noun)
        case Site():
            return Target(LockScope.SITE, noun.study, noun)
        case Subject():
            return Target(LockScope.SUBJECT, noun.study, noun.site, noun)
        case Visit():
            subject = noun.subject
            return Target(LockScope.VISIT, subject.study, subject.site, subject, noun)
    subject = noun.subject
    return Target(LockScope.FORM, subject.study, subject.site, subject, record=noun)


@dataclass(frozen=True)
class Matter:
    """One kind of thing that is left open. With an `obstacle` it refuses the lock, else it only warns."""

    words: str
    number: int
    obstacle: Obstacle | None = None
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = f"{self.words}: {self.number}"
        return f"{told} ({', '.join(self.examples)})" if self.examples else told


def open_matters(target: Target) -> list[Matter]:
    """What is left open, the refusing ones first; nothing that stands at zero.

    The number of queries follows the kinds of forms that are in progress, never the number of records.
    """
    tallies = _tallies(target)
    queries = _in(target, Query.objects.filter(state__in=QueryState.waiting()))
    hard = queries.filter(severity=Severity.HARD)
    total = sum(tally["total"] for tally in tallies)
    signed = _in(target, SignedForm.objects.filter(void=False)).values("form", "record_id").distinct()
    verified = _in(target, Verification.objects.filter(state=VerificationState.IN_FORCE))
    in_progress = [tally["oid"] for tally in tallies if tally["in_progress"]]
    found = [
        Matter(
            _("Forms in progress"),
            sum(tally["in_progress"] for tally in tallies),
            Obstacle.IN_PROGRESS,
            _examples(target, in_progress),
        ),
        Matter(_("Hard queries that wait"), hard.count(), Obstacle.HARD_QUERY, _examples_of(hard)),
        Matter(_("Other queries that wait"), queries.exclude(severity=Severity.HARD).count()),
        Matter(_("Forms without a signature"), total - signed.count()),
        Matter(_("Forms that are not verified"), total - verified.count()),
    ]
    if target.scope != LockScope.FORM:
        found.append(Matter(_("Visits that are planned and not yet recorded"), _waiting_visits(target)))
    return [matter for matter in found if matter.number > 0]


def _tallies(target: Target) -> list[dict[str, Any]]:
    """By kind of form: how many are in force, and how many of them in progress."""
    parts = [
        _forms_in(target, definition.model)
        .order_by()
        .annotate(oid=Value(definition.oid, output_field=CharField()))
        .values("oid")
        .annotate(total=Count("pk"), in_progress=Count("pk", filter=Q(entry_state=EntryState.IN_PROGRESS)))
        for definition in definitions()
        if target.record is None or target.record.form.oid == definition.oid
    ]
    first, *others = parts
    return list(first.union(*others, all=True) if others else first)


def _forms_in(target: Target, model: Any) -> Any:
    forms = model._default_manager.filter(target.condition(), entered_in_error=False)
    if target.visit is not None:
        forms = forms.filter(visit=target.visit)
    return forms.filter(pk=target.record.pk) if target.record is not None else forms


def _in(target: Target, rows: Any) -> Any:
    """Queries, signatures or verifications of what the target covers."""
    rows = rows.filter(target.condition())
    if target.record is not None:
        return rows.filter(form=target.record.form.oid, record_id=target.record.pk)
    if target.visit is None:
        return rows
    at_visit = Q(form=Visit.form.oid, record_id=target.visit.pk)
    for definition in definitions():
        if definition.at_visit:
            records = definition.model._default_manager.filter(visit=target.visit).values("pk")
            at_visit |= Q(form=definition.oid, record_id__in=records)
    return rows.filter(at_visit)


def _examples(target: Target, oids: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for definition in definitions():
        if definition.oid in oids and len(found) < EXAMPLES:
            forms = _forms_in(target, definition.model).filter(entry_state=EntryState.IN_PROGRESS)
            places = forms.order_by("subject", "pk").values_list("subject__code", "visit__code", "repeat")
            found += [
                " ".join(str(part) for part in (code, definition.oid, visit, repeat) if part)
                for code, visit, repeat in places[: EXAMPLES - len(found)]
            ]
    return tuple(found)


def _examples_of(queries: Any) -> tuple[str, ...]:
    places = queries.order_by("subject", "pk").values_list("subject__code", "form", "field")[:EXAMPLES]
    return tuple(" ".join(part for part in place if part) for place in places)


def _waiting_visits(target: Target) -> int:
    visits = Visit.objects.filter(target.condition(), status=VisitStatus.PLANNED)
    return int((visits.filter(pk=target.visit.pk) if target.visit is not None else visits).count())
