"""The parts of a form on the screen: questions and tables that are answered together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from patients.admin.sheet import Line, Question, RowSet, Sheet
from patients.forms import FormPart


@dataclass
class Table:
    """The lines of one kind as a template shows them; `computed`: what the server computes has a column.

    The column stands beside the answer that it is about, after the cell `computed_after`.
    """

    rows: RowSet
    lines: list[Line]
    blank: Line
    title: str
    computed: bool

    @property
    def computed_after(self) -> str:
        """The first answer of a line, with its unit where that is the next."""
        answers = [item.name for item in self.rows.section.asked if not item.refers]
        return answers[1] if answers[1:2] == ["unit"] else answers[0]

    @property
    def columns(self) -> int:
        """How many columns are there to be read; those for typing come on top."""
        first = self.lines[0] if self.lines else self.blank
        return len(first.cells) + bool(first.key) + self.computed


@dataclass
class ShownPart:
    """A part as a template shows it. `asked_after` says in words after which answer it is asked."""

    part: FormPart
    questions: list[Question]
    tables: list[Table]
    asked_after: str
    applies: bool

    @property
    def is_open(self) -> bool:
        """Nothing that was answered, refused or asked about is ever folded away."""
        return self.applies or any(_is_touched(question) for question in self.questions)

    @property
    def codes(self) -> str:
        """The answers after which it is asked, as the script of the page reads them."""
        return "|".join(self.part.only_if.codes) if self.part.only_if else ""


def shown_parts(sheet: Sheet, compare: bool) -> list[ShownPart]:
    """The parts of the sheet in the order of its definition."""
    questions = {question.item.name: question for question in sheet.questions(compare)}
    tables = {table.rows.section.name: table for table in _tables(sheet, compare)}
    return [
        ShownPart(
            part,
            [questions[item.name] for item in part.items],
            [tables[rows.name] for rows in part.rows],
            _asked_after(sheet, part),
            _applies(sheet, part),
        )
        for part in sheet.definition.parts
    ]


def _tables(sheet: Sheet, compare: bool) -> Iterator[Table]:
    about_rows = any(each.row is not None for each in sheet.told)
    for rows in sheet.row_sets:
        lines = rows.lines(sheet.open_queries, compare, sheet.told)
        # A column for what the server computes, once there is something to compute from.
        computed = sheet.record is not None and bool(rows.section.derived or about_rows)
        yield Table(rows, lines, rows.blank_line(), rows.section.title, computed)


def _applies(sheet: Sheet, part: FormPart) -> bool:
    return part.only_if is None or sheet.head[part.only_if.question].value() in part.only_if.codes


def _asked_after(sheet: Sheet, part: FormPart) -> str:
    if part.only_if is None:
        return ""
    item = sheet.definition.item(part.only_if.question)
    labels = dict(item.codelist)
    answers = _(" or ").join(labels[code] for code in part.only_if.codes)
    return _("only where “%(question)s” is answered %(answers)s") % {
        "question": item.question,
        "answers": answers,
    }


def _is_touched(question: Question) -> bool:
    typed: list[Any] = [question.field.value(), question.missing.value(), question.queries]
    return any(typed) or bool(question.field.errors or question.missing.errors) or question.stored is not None
