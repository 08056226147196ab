"""Checks that more than one kind of form has, and what several files of checks ask."""

from collections.abc import Iterator
from decimal import Decimal

from patients.checks.engine import Hit
from patients.facts import Facts
from patients.forms import Section, definition_of
from patients.models import (
    AdverseEvent,
    CaseReportForm,
    Entry,
    MedicalHistory,
    Row,
    YesNo,
)
from patients.reading import clinical_span
from trials.clinical.partial_date import Truth, before, span
from trials.clinical.words import measured
from trials.models import Epoch


def is_of_screening(form: CaseReportForm) -> bool:
    """Whether a form belongs to a scheduled visit of screening."""
    definition = form.visit.definition if form.visit is not None else None
    return definition is not None and definition.epoch == Epoch.SCREENING


def is_of_treatment(form: CaseReportForm, facts: Facts) -> bool:
    """Whether a form was done at a visit after screening, and certainly after randomization."""
    definition = form.visit.definition if form.visit is not None else None
    allocation, span = facts.allocation(form.subject), clinical_span(form)
    if definition is None or allocation is None or span is None:
        return False
    return definition.epoch != Epoch.SCREENING and span[0] > allocation.randomized_on


def may_be_the_same_day(one: str, other: str) -> bool:
    """Whether two partial dates may mean one day.

    >>> may_be_the_same_day("2021-03", "2021-03-14"), may_be_the_same_day("2021-03-15", "2021-03-14")
    (True, False)
    """
    first, second = span(one), span(other)
    return first[0] <= second[1] and second[0] <= first[1]


def ends_before_it_starts(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    """Only what is certain: a partial date that may lie on either side is not questioned."""
    started, ended = getattr(form, "started", None), getattr(form, "ended", None)
    if started is None or ended is None:
        return
    if before(str(ended), str(started)) is Truth.YES:
        yield Hit("ended", f"The end ({ended}) lies before the start ({started}): which is right?")


def ongoing_contradicts_end(form: AdverseEvent | MedicalHistory, facts: Facts) -> Iterator[Hit]:
    if form.ongoing == YesNo.YES and form.ended:
        yield Hit("ongoing", "It is marked as ongoing, but an end is given: which is right?")


def value_is_unusual(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    """Any question with usual limits, of the form or of its rows: a value outside is questioned."""
    definition = definition_of(type(form))
    yield from _unusual(definition, form, None)
    for name, section in definition.rows.items():
        for row in facts.rows(form, name):
            yield from _unusual(section, row, row)


def _unusual(section: Section, answered: Entry, row: Row | None) -> Iterator[Hit]:
    for item in section.asked:
        value, usual = getattr(answered, item.attname), item.meaning.usual
        if usual is not None and value is not None and not Decimal(usual[0]) <= value <= Decimal(usual[1]):
            shown = measured(Decimal(value), item.meaning.unit)
            said = f"{item.question}: {shown} is unusual; please confirm or correct."
            yield Hit(item.name, said, row)
