"""Free text holds nothing that tells who a person is."""

from collections.abc import Iterator

from patients.checks.engine import EVERY_FORM, Check, Hit
from patients.facts import Facts
from patients.forms import Section, definition_of
from patients.models import CaseReportForm, Row, Severity
from trials.personal_data import kinds_in

FREE_TEXT = ("text", "narrative")


def tells_who_a_person_is(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    """The query names the kind only: what was found would else stand in one more place."""
    definition = definition_of(type(form))
    yield from _found(definition, form)
    if kinds := kinds_in(form.not_done_reason):
        yield Hit("not_done_reason", _asked(kinds))
    for name, section in definition.rows.items():
        for row in facts.rows(form, name):
            yield from _found(section, row, row)


def _found(section: Section, holder: CaseReportForm | Row, row: Row | None = None) -> Iterator[Hit]:
    for item in section.asked:
        text = getattr(holder, item.attname) if item.kind in FREE_TEXT else None
        if text and (kinds := kinds_in(text)):
            yield Hit(item.name, _asked(kinds), row)


def _asked(kinds: list[str]) -> str:
    return (
        f"The text seems to hold {' and '.join(kinds)}. If it tells who a person is: please take it out, and "
        "ask for its redaction, since the history keeps it."
    )


CHECKS = (
    Check(
        "PD01",
        EVERY_FORM,
        Severity.HARD,
        tells_who_a_person_is,
        asks="Free text holds no identity number, telephone number or e-mail address.",
    ),
)
