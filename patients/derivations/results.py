"""Laboratory results of a subject as derivations read them: in order of collection, in any unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from patients.derivations.doses_taken import first_dose_day
from patients.facts import Facts, Source, source
from patients.models import LabResult, LabSample, Subject
from trials.clinical.reading import Reading
from trials.clinical.units import UnitError, convert
from trials.models import LabTest


def names_of_tests(facts: Facts, subject: Subject) -> dict[str, str]:
    """The laboratory tests of the study: their names by their codes."""
    return dict(LabTest.objects.filter(study_id=subject.study_id).values_list("code", "name"))


class BaselineAnchor(StrEnum):
    """The setting `laboratory_baseline`: the day up to which results are baseline."""

    FIRST_DOSE = "FIRST_DOSE"
    RANDOMIZATION = "RANDOMIZATION"


@dataclass(frozen=True)
class Result:
    """A result that has a day: the sample, its row, and the day of collection."""

    sample: LabSample
    row: LabResult
    day: date

    @property
    def code(self) -> str:
        """CDISC LBTESTCD of the test."""
        return self.row.test.code if self.row.test is not None else ""

    @property
    def name(self) -> str:
        return self.row.test.name if self.row.test is not None else ""

    @property
    def reading(self) -> Reading | None:
        """The number as it was reported; None for a word."""
        return None if self.row.number is None else Reading(self.row.number, str(self.row.comparator or ""))

    @property
    def source(self) -> Source:
        return source(self.sample, "value", self.row)

    def in_unit(self, unit: str) -> Reading | None:
        """The number in a unit (UCUM); None for a word, and where no conversion leads to the unit."""
        reading = self.reading
        number = None if reading is None else self._converted(reading.number, unit)
        return None if reading is None or number is None else Reading(number, reading.comparator)

    def limit_in(self, unit: str, *, upper: bool) -> Decimal | None:
        """The lower or upper limit of normal that was valid for the result, in a unit; None without one."""
        limit = self.row.range_high if upper else self.row.range_low
        return None if limit is None else self._converted(limit, unit)

    @property
    def times_upper_limit(self) -> Reading | None:
        """The result as a multiple of its own upper limit of normal; None where that cannot be told."""
        reading, upper = self.reading, self.row.range_high
        return None if reading is None or upper is None or upper <= 0 else reading.divided_by(upper)

    @property
    def unit_of_limits(self) -> str:
        """The unit (UCUM) in which the laboratory gives the limits, where they were converted; else empty."""
        given = self.row.reference_range
        return given.unit if given is not None and given.unit != self.row.unit else ""

    def _converted(self, number: Decimal, unit: str) -> Decimal | None:
        reported = self.row.unit
        if reported == unit:
            return number
        try:
            return convert(number, test=self.code, from_unit=reported or "", to_unit=unit)
        except UnitError:
            return None


def results(facts: Facts, subject: Subject) -> list[Result]:
    """Every dated result of the subject that says something, in order of collection."""
    return facts.once(_read, subject)


def _read(facts: Facts, subject: Subject) -> list[Result]:
    found = [
        Result(sample, row, sample.collected_on)
        for sample in facts.forms(LabSample, subject)
        if sample.collected_on is not None
        for row in facts.rows(sample, "results")
        if row.test is not None and (row.number is not None or row.word)
    ]
    return sorted(found, key=lambda each: (each.day, each.sample.collected_at or time.min, each.row.pk))


def results_of(facts: Facts, subject: Subject, codes: Iterable[str]) -> list[Result]:
    """The results of some tests (LBTESTCD), in order of collection."""
    wanted = set(codes)
    return [each for each in results(facts, subject) if each.code in wanted]


def last_until(found: Iterable[Result], day: date) -> Result | None:
    """The newest of some results up to and including a day."""
    return max(
        (each for each in found if each.day <= day),
        key=lambda each: (each.day, each.sample.collected_at or time.min, each.row.pk),
        default=None,
    )


def newest_until(found: Iterable[Result], day: date) -> list[Result]:
    """The newest of some results up to a day; all of its last day where a time of collection is missing."""
    known = [each for each in found if each.day <= day]
    last = max((each.day for each in known), default=None)
    of_day = [each for each in known if each.day == last]
    times = [each.sample.collected_at for each in of_day]
    if None in times:
        return of_day
    return [each for each in of_day if each.sample.collected_at == max(times)]


def baseline_until(facts: Facts, subject: Subject) -> date | None:
    """The last day whose results are baseline; None before treatment and randomization.

    The day of the first dose (blood is drawn before it), or of randomization where the study's setting
    says so. Where the one that counts did not happen, the other.
    """
    allocation = facts.allocation(subject)
    randomized_on = allocation.randomized_on if allocation is not None else None
    first_dose = first_dose_day(facts, subject)
    by_randomization = facts.setting(subject, "laboratory_baseline") == BaselineAnchor.RANDOMIZATION
    days = (randomized_on, first_dose) if by_randomization else (first_dose, randomized_on)
    return next((day for day in days if day is not None), None)


def baseline_day(facts: Facts, subject: Subject) -> date:
    """The last day whose results are baseline so far: with nobody treated or randomized, the present day."""
    return baseline_until(facts, subject) or facts.today(subject)


def baselines_of(facts: Facts, subject: Subject, code: str) -> list[Result]:
    """The last numeric result of a test before treatment; several where those of one day have no times."""
    numeric = [each for each in results_of(facts, subject, [code]) if each.reading is not None]
    return newest_until(numeric, baseline_day(facts, subject))
