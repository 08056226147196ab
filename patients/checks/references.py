"""Checks of records that name another record of the subject: an adverse event, a lesion, a condition."""

from collections.abc import Iterator

from patients.checks.engine import Check, Hit
from patients.facts import Facts
from patients.forms import Section, definition_of
from patients.models import CaseReportForm, Row, Severity

NAMING = ("AE", "CM", "DD", "ME", "PR", "SAE", "TR", "TU")
"""Forms that name another record, in a question of their own or of a row."""
NAMED = ("AE", "MH", "TU")


def names_a_record_in_error(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    """A reference to a record that was entered in error leads nowhere."""
    definition = definition_of(type(form))
    yield from _dangling(definition, form)
    for name, section in definition.rows.items():
        for row in facts.rows(form, name):
            yield from _dangling(section, row, row)


def _dangling(section: Section, holder: CaseReportForm | Row, row: Row | None = None) -> Iterator[Hit]:
    for item in section.asked:
        # The facts hold no record in error: the key is there, and what it leads to is not.
        if item.record_form is None or getattr(holder, item.attname) is None:
            continue
        if getattr(holder, item.name) is None:
            title = item.record_form.form.title
            yield Hit(
                item.name,
                f"It names a record of “{title}” that was entered in error: please name another one, or "
                "none.",
                row,
            )


CHECKS = (
    Check(
        "REF01",
        NAMING,
        Severity.HARD,
        names_a_record_in_error,
        rests_on=NAMED,
        asks="No record names another one that was entered in error.",
    ),
)
