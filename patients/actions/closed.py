"""What is frozen or locked is not changed: the one guard of every act on casebooks, and what it says."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from patients.forms import definition
from patients.marks import Closures, closures_over, place_of
from patients.models import CaseReportForm, Lock, LockKind, LockScope, Subject, Visit
from trials.actions.errors import Closed
from trials.audit.context import OpenRecording

if TYPE_CHECKING:
    from patients.actions.consequences import Place

NAMED_AT_MOST = 20


def refuse_closed(record: OpenRecording, places: "Sequence[Place]") -> None:
    """Take the act back when it changed what is frozen or locked. Raises Closed naming what and by what."""
    closures = closures_over({place.subject.pk: place.subject for place in places}.values())
    if closures:
        direct = [words for place in places if (words := _words(closures, place))]
        refuse([*direct, *_by_day_of_visit(record, closures)])


def _by_day_of_visit(record: OpenRecording, closures: Closures) -> Iterator[str]:
    """The day of a visit is content of each form there: it stands still while one of them is closed alone."""
    for visit in list(record.saved.values()):
        if not isinstance(visit, Visit):
            continue
        locks = closures.of_forms(visit.subject)
        if not locks or not _day_changed(record, visit):
            continue
        for lock in locks:
            model: Any = definition(lock.form).model
            form = model._default_manager.filter(pk=lock.record_id, visit=visit).first()
            if form is not None:
                yield words_of(lock, form_in_words(form))


def _day_changed(record: OpenRecording, visit: Any) -> bool:
    """Whether this act gives the visit another day; a new visit has no forms yet."""
    before = visit.history.exclude(event_id=record.event_id_of(visit)).order_by("-history_id")
    return bool(before.values_list("occurred_on", flat=True).first() != visit.occurred_on)


def refuse(told: Iterable[str]) -> None:
    """Raises Closed with these sentences, each once, where there are any."""
    each = list(dict.fromkeys(told))
    if each:
        more = [f"And {len(each) - NAMED_AT_MOST} more."] if len(each) > NAMED_AT_MOST else []
        raise Closed({"detail": [*each[:NAMED_AT_MOST], *more]})


def _words(closures: Closures, place: "Place") -> str:
    form = place_of(place.record).key if place.record is not None else None
    locks = closures.over(place.subject, place.visit_id, form)
    if not locks:
        return ""
    if place.record is not None:
        return words_of(locks[0], form_in_words(place.record))
    visit = next((lock.visit for lock in locks if lock.visit is not None), None)
    return words_of(locks[0], visit_in_words(visit) if visit is not None else place.subject.code)


def why_closed(closures: Closures, subject: Subject, visit: Visit | None = None) -> str:
    """Why nothing new can be entered for the subject (at the visit); empty where it can."""
    locks = closures.over(subject, visit.pk if visit is not None else None)
    place = visit_in_words(visit) if visit is not None else subject.code
    return words_of(locks[0], place) if locks else ""


def why_form_closed(closures: Closures, form: CaseReportForm) -> str:
    """Why a form cannot be changed; empty where it can."""
    place = place_of(form)
    locks = closures.over(place.subject, place.visit_id, place.key)
    return words_of(locks[0], form_in_words(form)) if locks else ""


def words_of(lock: Lock, what: str) -> str:
    """In a sentence: what cannot be changed, by which freeze or lock, and the reason it was given.

    Only the lock's own study, site and casebook are named; who may not see them never comes this far.
    """
    closed = "locked" if lock.kind == LockKind.LOCK else "frozen"
    if lock.scope == LockScope.FORM:
        return f"{what} is {closed}. Reason: {lock.reason}"
    return f"{what} cannot be changed: {scope_in_words(lock)} is {closed}. Reason: {lock.reason}"


def scope_in_words(lock: Lock) -> str:
    """What a freeze or lock covers, as it is named in sentences."""
    match lock.scope:
        case LockScope.STUDY:
            return f"the study {lock.study.code}"
        case LockScope.SITE if lock.site is not None:
            return f"the site {lock.site.code}"
        case LockScope.VISIT if lock.visit is not None:
            return f"the visit {visit_in_words(lock.visit)}"
        case LockScope.SUBJECT if lock.subject is not None:
            return f"the subject {lock.subject.code}"
    return "the form"


def form_in_words(form: CaseReportForm) -> str:
    """For example `VS of ZS-001, SCR, entry 1`."""
    visit = f", {form.visit.code}" if form.visit is not None else ""
    return f"{form.form.oid} of {form.subject.code}{visit}, entry {form.repeat}"


def visit_in_words(visit: Visit) -> str:
    return f"{visit.code} of {visit.subject.code}"
