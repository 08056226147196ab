"""Deviations that a check drafts: a person confirms or rejects them; none is confirmed by a rule."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Max, QuerySet

from patients.actions.closed import why_closed, why_form_closed
from patients.checks.engine import Check
from patients.forms import record_models
from patients.marks import Closures, closures_over
from patients.models import DeviationStatus, ProtocolDeviation, Query, Subject, Visit
from patients.reading import clinical_span
from trials.audit import clock

WITHDRAWN = "Withdrawn by the rule that drafted it: the record no longer shows it"


def draft_deviations(raised: Sequence[Query], checks: dict[str, Check]) -> None:
    """Draft a deviation for each query just raised by a check that drafts; once for the same matter.

    One that was withdrawn because its ground had gone is a draft again; what a person decided stays. Nothing
    is drafted into a casebook that is frozen or locked: the query is there, and `settle_drafts` makes up.
    """
    drafting = _drafting(raised, checks)
    closures = _closures_over(drafting)
    for query in drafting:
        category = checks[query.check_id].drafts
        drafted = _about_the_same(query)
        if category is not None and not drafted.exists() and not why_closed(closures, query.subject):
            _draft(query, category)
        for withdrawn in drafted.filter(rejected_reason=WITHDRAWN, entered_in_error=False):
            if not why_form_closed(closures, withdrawn):
                withdrawn.status = DeviationStatus.DRAFT
                withdrawn.rejected_reason = None  # type: ignore[assignment]
                _describe(withdrawn, query)


def withdraw_drafts(closed: Sequence[Query], checks: dict[str, Check]) -> None:
    """A draft whose ground has gone is withdrawn; what a person has decided, or is locked, stays as it is."""
    drafting = _drafting(closed, checks)
    closures = _closures_over(drafting)
    for query in drafting:
        for draft in _about_the_same(query).filter(status=DeviationStatus.DRAFT, entered_in_error=False):
            if not why_form_closed(closures, draft):
                _withdraw(draft)


def settle_drafts(pending: Sequence[Query], subjects: Iterable[Subject], checks: dict[str, Check]) -> None:
    """Bring the drafts of whole casebooks in line with the queries that stand: what a lock held back.

    `pending`: the queries of these subjects that are not closed.
    """
    drafting = _drafting(pending, checks)
    known = ProtocolDeviation.objects.filter(subject__in=subjects, entered_in_error=False).exclude(rule="")
    kept = {(draft.subject_id, draft.rule, draft.about): draft for draft in known.select_related("subject")}
    grounds = {(query.subject_id, query.check_id, about(query)): query for query in drafting}
    held_back = [
        query
        for place, query in grounds.items()
        if place not in kept or kept[place].rejected_reason == WITHDRAWN
    ]
    draft_deviations(held_back, checks)
    groundless = [
        draft
        for place, draft in kept.items()
        if place not in grounds and draft.status == DeviationStatus.DRAFT
    ]
    closures = closures_over({draft.subject for draft in groundless})
    for draft in groundless:
        if not why_form_closed(closures, draft):
            _withdraw(draft)


def reword_drafts(reworded: Sequence[tuple[Query, str]], checks: dict[str, Check]) -> None:
    """A draft follows what its check finds now, with its day; one that a person has worded anew stays.

    `reworded`: queries that stand with other words, each with those it had before.
    """
    before = {query.pk: words for query, words in reworded}
    drafting = _drafting([query for query, _words in reworded], checks)
    closures = _closures_over(drafting)
    for query in drafting:
        drafts = _about_the_same(query).filter(status=DeviationStatus.DRAFT, entered_in_error=False)
        for draft in drafts.filter(description=before[query.pk]):
            if not why_form_closed(closures, draft):
                _describe(draft, query)


def _drafting(queries: Sequence[Query], checks: dict[str, Check]) -> list[Query]:
    """Those of the queries whose check drafts a deviation."""
    return [query for query in queries if query.check_id in checks and checks[query.check_id].drafts]


def _closures_over(queries: Sequence[Query]) -> Closures:
    return closures_over({query.subject_id: query.subject for query in queries}.values())


def about(query: Query) -> str:
    """What a query is about, by which a deviation is found again: form, record, row and field."""
    row = f" row {query.row_id}" if query.row_id else ""
    return f"{query.form} {query.record_id}{row} {query.field}"


def _about_the_same(query: Query) -> QuerySet[ProtocolDeviation]:
    found = ProtocolDeviation.objects.select_related("subject")
    return found.filter(subject=query.subject, rule=query.check_id, about=about(query))


def _withdraw(draft: ProtocolDeviation) -> None:
    draft.status, draft.rejected_reason = DeviationStatus.REJECTED, WITHDRAWN
    draft.version += 1
    draft.save()


def _describe(deviation: ProtocolDeviation, query: Query) -> None:
    day = _day_of(query)
    deviation.description, deviation.occurred_on = query.message, day and str(day)
    deviation.version += 1
    deviation.save()


def _draft(query: Query, category: str) -> None:
    subject = query.subject
    day: Any = _day_of(query)
    others = ProtocolDeviation.objects.filter(subject=subject).aggregate(last=Max("repeat"))
    ProtocolDeviation(
        subject=subject,
        repeat=(others["last"] or 0) + 1,
        form_version=ProtocolDeviation.form.version,
        protocol_version=subject.study.protocol_version,
        occurred_on=day and str(day),
        noticed_on=clock.today(subject.site.time_zone),
        category=category,
        description=query.message,
        status=DeviationStatus.DRAFT,
        rule=query.check_id,
        about=about(query),
    ).save()


def _day_of(query: Query) -> Any:
    """The day of the record as it was written; of a visit that did not come, the end of its window."""
    model = record_models()[query.form]
    if issubclass(model, Visit):
        visit = model.objects.get(pk=query.record_id)
        return visit.occurred_on or visit.window_to or visit.planned_on
    record = model._default_manager.select_related("visit").get(pk=query.record_id)
    span = clinical_span(record)
    known = getattr(record, record.form.dated_by, None) if record.form.dated_by else None
    return known or (span and span[0])
