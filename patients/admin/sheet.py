"""A case report form on the screen: its questions, its lines, what was typed and what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from patients.actions.answers import MAXIMUM_ROWS
from patients.admin.lesions import offers_of_lines
from patients.admin.questions import (
    MISSING,
    HeadForm,
    RowForm,
    initial_head,
    initial_row,
    instruction,
    offers_for,
    shown_text,
    typed_text,
)
from patients.admin.told import ShownTold, shown_told
from patients.derivations.tellers import expected, told
from patients.derivations.told import Told
from patients.facts import Facts
from patients.forms import FormDefinition, Item, Section, rows_of
from patients.models import Entry, Query, QueryState, Row, Subject, Visit
from trials.admin.act import show_errors
from trials.clinical.words import normal_range, printed_unit

Given = Mapping[str, Sequence[Mapping[str, str]]]
"""Lines that a new form starts with, by the name of the rows: what is filled in already."""


@dataclass
class Question:
    """A question as a template shows it."""

    item: Item
    field: Any
    missing: Any = None
    answer: str = ""
    stored: str | None = None
    queries: list[Query] = field(default_factory=list)

    @property
    def unit(self) -> str:
        return printed_unit(self.item.meaning.unit)

    @property
    def help(self) -> str:
        return instruction(self.item)

    @property
    def wide(self) -> bool:
        return self.item.kind == "narrative"


@dataclass
class Line:
    """A line as a template shows it; `queries` stand under it, each with the question it is about."""

    form: Any
    row: Row | None
    key: str
    cells: list[Question]
    computed: list[tuple[str, str]]
    queries: list[tuple[Query, str]]
    told: list[Told] = field(default_factory=list)

    @property
    def flag(self) -> str:
        return str(getattr(self.row, "flag", "") or "")


class RowSet:
    """The lines of one kind."""

    def __init__(
        self,
        section: Section,
        rows: Sequence[Row],
        given: Sequence[Mapping[str, str]],
        offers: Mapping[str, Sequence[tuple[str, str]]],
        data: QueryDict | None,
        subject: Subject,
    ) -> None:
        self.section = section
        self.rows = {row.repeat: row for row in rows}
        self.given = [set(each) for each in given]
        self.names = {noun: dict(pairs) for noun, pairs in offers.items()}
        asked = {"section": section, "offers": offers_of_lines(section, offers, subject)}
        started = [initial_row(section, row) for row in rows] + [dict(each) for each in given]
        formset = forms.formset_factory(
            RowForm, extra=0 if started else 1, max_num=MAXIMUM_ROWS, absolute_max=MAXIMUM_ROWS
        )
        self.formset: Any = formset(data, prefix=section.name, initial=started, form_kwargs=asked)
        self.sent: list[RowForm] = []
        for form in self.formset.forms:
            self._fix_key(form)

    @property
    def keys(self) -> list[str]:
        return [item.name for item in self.section.asked if item.refers]

    def _fix_key(self, form: RowForm) -> None:
        # What a line is about (test, criterion, drug) stays; a wrong one is entered in error and typed anew.
        for name in self.keys:
            if form.initial.get(name):
                form.fields[name].widget = forms.HiddenInput()

    @property
    def key_question(self) -> str:
        return " · ".join(self.section.item(name).question for name in self.keys)

    def _name(self, item: Item, form: RowForm) -> str:
        code = str(form[item.name].value() or "")
        return self.names[item.field.related_model.__name__].get(code, code) if item.refers else code

    def row_of(self, form: RowForm) -> Row | None:
        number = str(form["repeat"].value() or "")
        return self.rows.get(int(number)) if number.isascii() and number.isdigit() else None

    def data_typed(self) -> list[dict[str, Any]]:
        """The lines as the action takes them; blank new ones are left out."""
        self.sent = []
        for position, form in enumerate(self.formset.forms):
            place = position - len(self.rows)
            given = self.given[place] if 0 <= place < len(self.given) else set()
            if form.cleaned_data and not form.is_blank(given):
                self.sent.append(form)
        return [form.data_typed(self.row_of(form)) for form in self.sent]

    def show(self, told: Sequence[Any]) -> None:
        """Put messages at their cells. A list that fits neither all lines nor the living ones stays above."""
        alive = [form for form in self.sent if not form.cleaned_data.get("entered_in_error")]
        lines = self.sent if len(told) == len(self.sent) else alive
        for position, errors in enumerate(told):
            if isinstance(errors, Mapping) and position < len(lines):
                show_errors(lines[position], errors)
            elif errors:
                self.formset._non_form_errors.append(str(errors))

    def lines(self, queries: Sequence[Query], compare: bool, told: Sequence[Told] = ()) -> list[Line]:
        lines = [self._line(form, queries, compare) for form in self.formset.forms]
        for line in lines:
            line.told = [each for each in told if each.row is not None and each.row == line.row]
        return lines

    def blank_line(self) -> Line:
        return self._line(self.formset.empty_form, (), False)

    def _line(self, form: RowForm, queries: Sequence[Query], compare: bool) -> Line:
        row = self.row_of(form)
        hidden = [item for item in self.section.asked if form.fields[item.name].widget.is_hidden]
        cells = [
            Question(
                item,
                form[item.name],
                answer=shown_text(item, row) if row is not None else "",
                stored=_stored(item, row, form) if compare else None,
            )
            for item in self.section.asked
            if item not in hidden
        ]
        key = " · ".join(self._name(item, form) for item in hidden)
        computed = _computed(self.section, row) if row is not None else []
        questions = {"": "", **{item.name: item.question for item in self.section.items}}
        asked = [
            (query, questions[query.field])
            for query in queries
            if row is not None and query.row_id == row.pk and query.field in questions
        ]
        return Line(form, row, key, cells, computed, asked)


class Sheet:
    """The whole form. With `data` it is bound: what was typed stays, also when it is refused."""

    def __init__(
        self,
        definition: FormDefinition,
        subject: Subject,
        *,
        record: Any = None,
        visit: Visit | None = None,
        data: QueryDict | None = None,
        given: Given | None = None,
        initial: Mapping[str, str] | None = None,
    ) -> None:
        self.definition, self.subject, self.record, self.visit = definition, subject, record, visit
        offers = offers_for([definition, *definition.rows.values()], subject)
        start = initial_head(definition, record) if record is not None else dict(initial or {})
        self.head = HeadForm(
            data, section=definition, offers=offers, changes=record is not None, initial=start
        )
        self.row_sets = [
            RowSet(section, _rows(record, section), (given or {}).get(name, ()), offers, data, subject)
            for name, section in definition.rows.items()
        ]

    def is_valid(self) -> bool:
        return all([self.head.is_valid(), *[rows.formset.is_valid() for rows in self.row_sets]])

    def rows_typed(self) -> dict[str, list[dict[str, Any]]]:
        return {rows.section.name: rows.data_typed() for rows in self.row_sets}

    def show(self, errors: Mapping[str, Any]) -> None:
        """Put every message of a refusal where it belongs."""
        by_name = {rows.section.name: rows for rows in self.row_sets}
        for name, found in errors.items():
            if name in by_name and isinstance(found, list):
                by_name[name].show(found)
            else:
                show_errors(self.head, {name: found})

    def questions(self, compare: bool = False) -> list[Question]:
        """The form's own questions; with `compare`, what is stored beside what was typed otherwise."""
        queries = self.open_queries
        return [
            Question(
                item,
                self.head[item.name],
                missing=self.head[MISSING + item.name],
                answer=shown_text(item, self.record) if self.record is not None else "",
                stored=_stored(item, self.record, self.head) if compare else None,
                queries=[query for query in queries if query.field == item.name and query.row_id is None],
            )
            for item in self.definition.asked
        ]

    @cached_property
    def told(self) -> list[Told]:
        """What the rules say about the form and its lines; of a new form, what they expect."""
        facts = Facts([self.subject])
        if self.record is not None:
            return told(facts, self._stored(facts))
        return expected(facts, self.definition.oid, self.subject, self.visit)

    def _stored(self, facts: Facts) -> Any:
        """The form as it is stored: what is shown of it may be withheld from a de-identified reader."""
        forms = facts.forms(type(self.record), self.subject)
        return next((form for form in forms if form.pk == self.record.pk), self.record)

    @property
    def told_of_form(self) -> list[ShownTold]:
        return shown_told(each for each in self.told if each.row is None)

    @property
    def computed(self) -> list[tuple[str, str]]:
        return _computed(self.definition, self.record) if self.record is not None else []

    @property
    def open_queries(self) -> list[Query]:
        """Open ones and answered ones, which are not closed yet."""
        if self.record is None:
            return []
        found = self.__dict__.get("_queries")
        if found is None:
            waiting = Query.objects.filter(state__in=QueryState.waiting())
            waiting = waiting.filter(form=self.definition.oid, record_id=self.record.pk).order_by("id")
            found = self.__dict__["_queries"] = list(waiting)
            for query in found:
                query.subject = self.subject  # with its site, which rights are asked by
        return found

    @property
    def queries_elsewhere(self) -> list[Query]:
        """Open queries that stand at no question: about the whole form, a computed value, a line in error."""
        asked = {item.name for item in self.definition.asked}
        alive = {row.pk for rows in self.row_sets for row in rows.rows.values()}
        return [
            query
            for query in self.open_queries
            if (query.field not in asked if query.row_id is None else query.row_id not in alive)
        ]

    @property
    def has_errors(self) -> bool:
        return bool(self.head.errors) or any(
            rows.formset.total_error_count() for rows in self.row_sets if rows.formset.is_bound
        )


def _computed(section: Section, entry: Entry) -> list[tuple[str, str]]:
    """What the server computed, in words; limits of normal stand together, the flag is shown by its badge."""
    names = {item.name: shown_text(item, entry) for item in section.derived}
    low, high = names.pop("range_low", ""), names.pop("range_high", "")
    for said_elsewhere in (
        ("flag", "reference_range", "number", "comparator", "word") if low or high else ("flag",)
    ):
        names.pop(said_elsewhere, None)
    shown = [(_("Range"), _range(entry))] if low or high else []
    return shown + [(section.item(name).question, text) for name, text in names.items() if text]


def _range(entry: Any) -> str:
    """The limits of normal of a result, in its own unit."""
    return normal_range(entry.range_low, entry.range_high, entry.unit or "")


def _rows(record: Any, section: Section) -> list[Row]:
    if record is None:
        return []
    keys = [item.name for item in section.items if item.refers]
    if section.name in getattr(record, "_prefetched_objects_cache", {}):
        return sorted(rows_of(record, section.name), key=lambda row: row.repeat)
    rows = getattr(record, section.name).filter(entered_in_error=False).order_by("repeat")
    return list(rows.select_related(*keys) if keys else rows)


def _stored(item: Item, entry: Any, form: forms.Form) -> str | None:
    """What is stored, in words, where something else was typed; None where both agree."""
    if entry is None or typed_text(item, entry) == (form[item.name].value() or ""):
        return None
    return shown_text(item, entry) or _("no answer")
