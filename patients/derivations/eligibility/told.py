"""What captured data say beside each answer of the eligibility form."""

from collections.abc import Iterator

from patients.derivations.eligibility.table import Line, lines_of
from patients.derivations.told import Told
from patients.facts import Facts
from patients.models import EligibilityAssessment, Row, Subject, Visit
from trials.clinical.eligibility.verdict import Verdict


def told_of_criteria(facts: Facts, form: EligibilityAssessment) -> Iterator[Told]:
    """The verdict of each criterion that data judge, beside its answer; those not answered yet by name."""
    rows = {row.rule_id: row for row in facts.rows(form, "answers")}
    for line in facts.once(lines_of, form.subject):
        if line.data.verdict is not None:
            row = rows.get(line.rule.key)
            yield _told("From the data" if row is not None else line.rule.code, line, row)


def expected_criteria(facts: Facts, subject: Subject, visit: Visit | None) -> Iterator[Told]:
    """The same before the form is filled: advice, never an answer."""
    for line in facts.once(lines_of, subject):
        if line.data.verdict is not None:
            yield _told(f"{line.rule.code} {line.rule.question}", line, None)


def _told(about: str, line: Line, row: Row | None) -> Told:
    data, sources = line.data, tuple(each.source for each in line.evidence)
    if data.verdict is None or data.verdict is Verdict.UNDETERMINED:
        return Told(about, "", data.words, row, sources)
    return Told(about, f"{line.verdict_in_words}: {data.words}", _remarks(line), row, sources)


def _remarks(line: Line) -> str:
    """What has to be known beside the values: their age, a transfusion before them."""
    return "; ".join(f"{each.name}: {remark}" for each in line.evidence for remark in each.remarks)
