"""What a query is about, in words: the question on its form, and the line where there are several."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, cast

from patients.actions.query_steps import steps_open_to
from patients.admin.questions import shown_text
from patients.forms import FormDefinition, Section, definition_of, record_models
from patients.models import CaseReportForm, Query, Row, Visit
from patients.threads import question_of, threads_of
from trials.models import User
from trials.roles import Verb, scope

Place = tuple[Section, Row | None]
"""Where a query stands: the form itself, or the section of its line and the line."""


def places_of(queries: Iterable[Query]) -> dict[int, Place]:
    """The place of each query by its key; those about a visit have none. One query for each kind of line."""
    models = {oid: model for oid, model in record_models().items() if oid != Visit.form.oid}
    definitions = {oid: definition_of(cast("type[CaseReportForm]", model)) for oid, model in models.items()}
    found: dict[int, Place] = {}
    by_form: dict[str, list[Query]] = defaultdict(list)
    for query in queries:
        if query.form in definitions:
            found[query.pk] = definitions[query.form], None
            by_form[query.form].append(query)
    for oid, asked in by_form.items():
        found.update(
            _places_of_lines(definitions[oid], [query for query in asked if query.row_id is not None])
        )
    return found


def in_words(query: Query, place: Place | None) -> str:
    """The question with its line, as "Leukocytes: Result"; the title of the form where it is about none."""
    if place is None:
        return query.field
    section, row = place
    item = next((each for each in section.items if each.name == query.field), None)
    question = item.question if item is not None else "" if row is not None else section.title
    return ": ".join(
        part for part in (line_in_words(section, row) if row is not None else "", question) if part
    )


def line_in_words(section: Section, row: Row) -> str:
    """What a line is about, by the items it names; its number where it names none."""
    about = " · ".join(shown_text(item, row) for item in section.asked if item.refers)
    return about or f"{section.title} {row.repeat}"


def asked_about(queries: Iterable[Query]) -> list[tuple[Query, str]]:
    """Each query with what it is about, in words."""
    held = list(queries)
    places = places_of(held)
    return [(query, in_words(query, places.get(query.pk))) for query in held]


def tell(queries: Iterable[Query], user: User) -> list[Query]:
    """The queries with their words, threads and open steps, as this user may read them; one query for all.

    A template shows `words`, `turns` and `steps`, never the message itself.
    """
    held: list[Any] = list(queries)
    readable = scope(user, Verb.READ_FREE_TEXT)
    turns = threads_of(held, readable)
    for query in held:
        query.words = question_of(query, readable)
        query.turns = turns.get(query.pk, [])
        query.steps = steps_open_to(user, query)
    return held


def _places_of_lines(definition: FormDefinition, queries: list[Query]) -> Iterator[tuple[int, Place]]:
    """The line of each query among the kinds of line that have its question."""
    numbers = {query.row_id for query in queries}
    for section in definition.rows.values() if numbers else ():
        keys = [item.name for item in section.items if item.refers]
        rows = section.model._default_manager.filter(pk__in=numbers)
        lines = {row.pk: row for row in (rows.select_related(*keys) if keys else rows)}
        names = {"", *(item.name for item in section.items)}
        for query in queries:
            row = lines.get(query.row_id)
            if row is not None and row.parent_id == query.record_id and query.field in names:
                yield query.pk, (section, row)
