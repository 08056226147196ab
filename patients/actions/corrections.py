"""Which change answered which query: linked at the end of every act, whichever path it took.

The link is a message of kind correction whose event is the one of the change: from the query one comes to the
change, and from the change to the query.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from patients.actions.query_steps import message_of, move, take_step
from patients.forms import Section, definition_of
from patients.models import CaseReportForm, MessageKind, Query, QueryMessage, QueryState, Row, Subject, Visit
from trials.actions.errors import Refused, WrongState
from trials.audit.context import OpenRecording

if TYPE_CHECKING:
    from patients.actions.consequences import Place

NAMED_AT_MOST = 50
STATED = ("missing_reasons", "not_done_reason", "entered_in_error")
OF_A_VISIT = ("status", "occurred_on", "missed_reason")
Address = tuple[str, int]
"""OID and key of a form or visit."""


def link_corrections(record: OpenRecording, places: "Sequence[Place]") -> None:
    """Link every open or answered query to what this act changed about it.

    A query about a question is linked when that answer changed, one about a line or a whole form when any
    answer on it did. A person's open query is answered by that; a check goes on asking until it is content.
    """
    changed = _saved(record)
    if not changed:
        return
    said = {each.query_id for each in record.saved.values() if isinstance(each, QueryMessage)}
    for query in _waiting_on(changed):
        if query.pk in said or query.raised_in_id == record.event_id_of(query):
            continue
        entries = changed[query.form, query.record_id]
        if _is_voided(entries) and not query.is_of_check:
            take_step(query, MessageKind.VOIDED)
        elif any(_answers(query, entry) for entry in entries):
            take_step(query, MessageKind.CORRECTION)


def named_queries(subject: Subject, keys: Any) -> list[Query]:
    """The open queries of the casebook that a person says a change answers. Raises Refused, WrongState."""
    if not isinstance(keys, list | tuple) or len(keys) > NAMED_AT_MOST:
        raise Refused({"answers_queries": [f"must be a list of at most {NAMED_AT_MOST} ids of queries"]})
    if any(isinstance(key, bool) or not isinstance(key, int) for key in keys):
        raise Refused({"answers_queries": ["must be a list of ids of queries"]})
    found = Query.objects.filter(subject=subject).in_bulk([key for key in keys if 0 < key < 2**63])
    if unknown := [key for key in keys if key not in found]:
        told = ", ".join(str(key) for key in unknown)
        raise Refused({"answers_queries": [f"no query of this casebook: {told}"]})
    for query in found.values():
        if query.state not in QueryState.waiting():
            raise WrongState({"answers_queries": [f"query {query.pk} waits for no answer"]})
    return list(found.values())


def answered_by_this(queries: Iterable[Query]) -> None:
    """Link the named queries to the running act; those of checks wait for who may settle them."""
    for query in Query.objects.filter(pk__in=[each.pk for each in queries]).select_related("subject"):
        if query.state not in QueryState.waiting():
            continue  # its check found nothing any more, which says so already
        if query.is_of_check and query.state == QueryState.OPEN:
            move(query, MessageKind.ANSWER)
            query.save()
            message_of(query, MessageKind.CORRECTION).save()
        else:
            take_step(query, MessageKind.CORRECTION)


def _saved(record: OpenRecording) -> dict[Address, list[Any]]:
    """The forms, lines and visits that the act saved, by the form or visit that a query names."""
    found: dict[Address, list[Any]] = {}
    for each in list(record.saved.values()):
        if isinstance(each, CaseReportForm | Visit) and each.pk is not None:
            found.setdefault((each.form.oid, each.pk), []).append(each)
        elif isinstance(each, Row) and each.pk is not None:
            found.setdefault((each.parent.form.oid, each.parent.pk), []).append(each)
    return found


def _waiting_on(changed: dict[Address, list[Any]]) -> list[Query]:
    subjects = {_subject_id(entry) for entries in changed.values() for entry in entries}
    found = Query.objects.filter(subject__in=subjects, state__in=QueryState.waiting())
    found = found.filter(form__in={oid for oid, _key in changed}).select_related("subject").order_by("id")
    return [query for query in found if (query.form, query.record_id) in changed]


def _subject_id(entry: Any) -> int:
    return entry.parent.subject_id if isinstance(entry, Row) else entry.subject_id


def _is_voided(entries: Sequence[Any]) -> bool:
    return any(isinstance(entry, CaseReportForm) and entry.entered_in_error for entry in entries)


def _answers(query: Query, entry: Any) -> bool:
    """Whether what the act changed on this form, line or visit is what the query is about.

    What the server derives counts for a query about that very value; a new line for one about its form.
    """
    row = entry.pk if isinstance(entry, Row) else None
    if row != query.row_id and (query.row_id is not None or query.field):
        return False
    before, after = _before_and_after(entry)
    if before is None:
        return True
    if not query.field:
        return _differ(before, after, _asked(entry))
    if isinstance(entry, Visit):  # neither questions nor reasons for absence, only columns
        return _differ(before, after, [name for name in OF_A_VISIT if name == query.field])
    own = [item.attname for item in _section(entry).items if item.name == query.field]
    reasons = (each.missing_reasons.get(query.field) for each in (before, after))
    return _differ(before, after, (*own, "entered_in_error")) or len(set(reasons)) > 1


def _before_and_after(entry: Any) -> tuple[Any, Any]:
    """The entry before this act and now, as history holds both: memory may write the same otherwise."""
    versions = type(entry).history.model.objects.filter(id=entry.pk).order_by("-history_id")
    after: Any = None
    for each in versions.iterator(chunk_size=10):
        if after is None:
            after = each
        elif each.event_id != after.event_id:
            return each, after
    return None, after


def _differ(before: Any, after: Any, names: Iterable[str]) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in names)


def _asked(entry: Any) -> list[str]:
    """The columns that people fill in."""
    if isinstance(entry, Visit):
        return list(OF_A_VISIT)
    stated = [name for name in STATED if hasattr(entry, name)]
    return [*(item.attname for item in _section(entry).asked), *stated]


def _section(entry: Any) -> Section:
    return definition_of(type(entry)) if isinstance(entry, CaseReportForm) else Section("", "", type(entry))
