"""A question about one subject: which recorded values count, and which settings decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from patients.derivations.consent import consent_of
from patients.derivations.eligibility.evidence import Evidence
from patients.facts import Facts, source
from patients.models import Allocation, CaseReportForm, Row, Subject
from patients.reading import clinical_span
from trials.clinical.eligibility.options import Anchor
from trials.clinical.partial_date import PartialDate, parse

F = TypeVar("F", bound=CaseReportForm)

ANCHOR_NAMES = {Anchor.CONSENT: "consent", Anchor.RANDOMIZATION: "randomization"}


@dataclass(frozen=True)
class Case:
    """`until` is the last day whose values count: that of randomization, before it the present day.

    `decided_on` is that day itself, also where `until` is set back to look at an earlier value; `used`
    collects the settings that were followed.
    """

    facts: Facts
    subject: Subject
    until: date
    decided_on: date
    options: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""
    operator: str = ""
    threshold: str = ""
    used: dict[str, Any] = field(default_factory=dict)

    def setting(self, key: str) -> Any:
        """The value of a setting, which is noted as followed; None where the study does not have it."""
        self.used[key] = self.facts.setting(self.subject, key)
        return self.used[key]

    def back_to(self, day: date) -> "Case":
        """The same question with the values known up to an earlier day."""
        return replace(self, until=day)

    def measured(self, model: type[F]) -> list[F]:
        """Dated forms of one kind from before randomization, in order of their day."""
        allocation = self.facts.allocation(self.subject)
        return [
            form
            for form in self.facts.forms(model, self.subject)
            if (span := clinical_span(form)) is not None
            and span[1] <= self.until
            and not _follows(form, span[0], allocation)
        ]

    def anchor(self) -> tuple[date | None, str]:
        """The day from which the option `anchor` counts back, and its name; None where it is not known."""
        anchor = Anchor(self.options["anchor"])
        if anchor is Anchor.RANDOMIZATION:
            return self.decided_on, ANCHOR_NAMES[anchor]
        consent = consent_of(self.facts, self.subject)
        return (consent.signed_on if consent else None), ANCHOR_NAMES[anchor]


def _follows(form: CaseReportForm, day: date, allocation: Allocation | None) -> bool:
    """Whether a form tells of the time after randomization, also on the day of randomization itself."""
    if allocation is None:
        return False
    if form.visit is not None and form.visit.cycle_id is not None:
        return True  # a treatment visit
    taken_at = getattr(form, "collected_at", None)
    if day != allocation.randomized_on or taken_at is None:
        return day > allocation.randomized_on
    zone = ZoneInfo(form.subject.site.time_zone)
    return taken_at > allocation.randomized_at.astimezone(zone).time()


def latest(forms: Sequence[F]) -> list[F]:
    """The forms of the last day, in order; more than one where nobody knows which was the later."""
    if not forms:
        return []
    last = clinical_span(forms[-1])
    return [form for form in forms if clinical_span(form) == last]


def evidence_of(
    form: CaseReportForm, name: str, row: Row | None = None, *, called: str = "", unit: str = "", **more: Any
) -> Evidence:
    """A recorded answer as evidence; its name and unit are those of the question unless given."""
    holder: Any = row if row is not None else form
    question: Any = holder._meta.get_field(name)
    place = source(form, name, row)
    span, labels = clinical_span(form), dict(question.flatchoices)
    return Evidence(
        name=called or str(question.verbose_name),
        value=place.value,
        source=place,
        unit=unit or question.meaning.unit,
        day=span[0] if span is not None and span[0] == span[1] else None,
        label=str(labels.get(place.value, "")),
        **more,
    )


def written_date(text: str | None) -> PartialDate | None:
    """A date of a form, which may be partial; None where none is recorded."""
    return parse(text) if text else None


def exactly(day: date) -> PartialDate:
    """A full day as the partial date that it is, too."""
    return PartialDate(day.year, day.month, day.day)
