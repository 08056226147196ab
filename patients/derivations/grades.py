"""The CTCAE grades of a subject's laboratory results, each with its rule and the values it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from patients.derivations.organ_function import corrected_calciums
from patients.derivations.results import (
    Result,
    baseline_until,
    last_until,
    newest_until,
    results,
    results_of,
)
from patients.facts import Facts, Source, source
from patients.models import LabSample, Subject, YesNo
from trials.clinical.ctcae import (
    VERSIONS,
    BaselineFlag,
    Convention,
    Criterion,
    Direction,
    Graded,
    grade,
)
from trials.clinical.ctcae.criterion import When
from trials.clinical.ctcae.findings import proteinuria
from trials.clinical.ctcae.grading import unit_of
from trials.clinical.ctcae.laboratory_tests import (
    CORRECTED_FOR_ALBUMIN,
    FASTING,
    NOT_FASTING,
    TESTS,
    terms_of,
)
from trials.clinical.reading import Reading
from trials.clinical.undetermined import Undetermined
from trials.clinical.units import convertible
from trials.clinical.words import either, measured, printed_unit, with_unit

STRIP, EXCRETION = "PROT", "PROTEXR"
Flags = Mapping[When, bool | None]
FLAGS = frozenset({BaselineFlag.LOW, BaselineFlag.NORMAL, BaselineFlag.HIGH})


class Circumstances(StrEnum):
    """The setting `ctcae_circumstances`: what stands for signs, symptoms and anticoagulation."""

    RECORDED = "RECORDED"
    RECORDED_OR_WORST_CASE = "RECORDED_OR_WORST_CASE"
    WORST_CASE = "WORST_CASE"


@dataclass(frozen=True)
class ResultGrade:
    """The grade of a result in one term of CTCAE, or why there is none.

    `value` and `unit`: what was compared, after conversion or correction. `baseline`: the baseline result,
    where the criterion asks for one. `remarks`: what was converted, corrected or taken as given.
    """

    result: Result
    graded: Graded
    value: Reading | None
    unit: str
    baseline: Result | None = None
    remarks: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def grade(self) -> int | None:
        return self.graded.grade

    @property
    def term(self) -> str:
        return self.graded.term

    @property
    def day(self) -> date:
        return self.result.day

    @property
    def words(self) -> str:
        """For example: Anemia (CTCAE 5.0): grade 2, below 100 g/L; 9.5 g/dL is 95 g/L."""
        return "; ".join((str(self.graded), *self.remarks))


def laboratory_grades(facts: Facts, subject: Subject) -> list[ResultGrade]:
    """The grade of every result that CTCAE grades, once for low and once for high, in order of collection.

    In the version of the setting `ctcae_version`. Baseline is the last result up to the day of the first dose
    (of randomization for who was not dosed, or where the setting `laboratory_baseline` says so); results up
    to that day are graded by the limits of normal alone. Protein in the urine is graded once for a sample.
    """
    return facts.once(_all_grades, subject)


def grades_of_sample(facts: Facts, sample: LabSample) -> list[ResultGrade]:
    """The grades of one sample, in the order of its rows."""
    found = [each for each in laboratory_grades(facts, sample.subject) if each.result.sample.pk == sample.pk]
    return sorted(found, key=lambda each: each.result.row.repeat)


def highest(found: Sequence[ResultGrade]) -> ResultGrade | None:
    """The highest of some grades; None where nothing could be graded."""
    graded = [each for each in found if each.grade is not None]
    return max(graded, key=lambda each: each.grade or 0, default=None)


def _all_grades(facts: Facts, subject: Subject) -> list[ResultGrade]:
    version = facts.setting(subject, "ctcae_version")
    found = [each for each in results(facts, subject) if each.code in TESTS]
    if version not in VERSIONS:
        return [_without_version(each, version) for each in found]
    grader = _Grader(facts, subject, version)
    graded = [each for result in found for each in grader.of(result)]
    graded += list(_proteinurias(facts, subject, version))
    return sorted(graded, key=lambda each: each.day)


def _without_version(result: Result, version: Any) -> ResultGrade:
    missing = (
        f"numeric criteria of CTCAE {version}" if version else "version of CTCAE (setting ctcae_version)"
    )
    graded = Graded(None, result.name, str(version or "?"), cannot=Undetermined((missing,)))
    return ResultGrade(result, graded, result.reading, result.row.unit or "", sources=(result.source,))


class _Grader:
    """Grades the results of one subject, with what is the same for all of them."""

    def __init__(self, facts: Facts, subject: Subject, version: str) -> None:
        self.facts = facts
        self.subject = subject
        self.version = version
        self.until = baseline_until(facts, subject)
        written = facts.setting(subject, "ctcae_circumstances")
        # Without the setting nothing is taken as given that was not recorded.
        self.circumstances = (
            Circumstances(written) if written in list(Circumstances) else Circumstances.RECORDED
        )
        self.baselines: dict[str, list[Result]] = {}
        calciums = results_of(facts, subject, [CORRECTED_FOR_ALBUMIN])
        self.corrected = {
            each.row.pk: value
            for each, value in zip(calciums, corrected_calciums(facts, subject), strict=True)
        }

    def of(self, result: Result) -> Iterator[ResultGrade]:
        """The grades of a result: of its term for low and of that for high, as far as there are."""
        fasting = _answer(result.sample.fasting)
        terms = terms_of(result.code, self.version, fasting=fasting)
        for direction in (Direction.LOW, Direction.HIGH):
            if direction not in terms:
                continue
            graded = self._in_term(result, terms[direction])
            if terms[direction] == NOT_FASTING and fasting is None:
                graded = _either(
                    graded, self._in_term(result, FASTING), "answer whether the subject was fasting"
                )
            if terms[direction] in (FASTING, NOT_FASTING) and fasting is not None:
                graded = replace(graded, sources=(*graded.sources, source(result.sample, "fasting")))
            yield graded

    def _in_term(self, result: Result, term: str) -> ResultGrade:
        criterion = VERSIONS[self.version][term.casefold()]
        if result.code == CORRECTED_FOR_ALBUMIN:
            return self._of_calcium(result, criterion)
        reading, unit = result.reading, _unit_for(result, criterion)
        remarks: list[str] = []
        if unit != result.row.unit and reading is not None and unit is not None:
            reading = result.in_unit(unit)
            if reading is not None:
                whole = reading.number.to_integral_value()  # no limit is hidden by rounding
                number = either((reading.number,), unit, whole, signs=(reading.comparator,))
                remarks.append(f"{with_unit(str(result.row.value), result.row.unit or '')} is {number}")
        if result.unit_of_limits not in ("", unit):
            remarks.append(f"limits of normal converted from {printed_unit(result.unit_of_limits or '')}")
        return self._compared(result, criterion, reading, unit, tuple(remarks))

    def _of_calcium(self, result: Result, criterion: Criterion) -> ResultGrade:
        """CTCAE grades calcium corrected for the albumin of the same sample."""
        corrected = self.corrected[result.row.pk]
        if isinstance(corrected.value, Undetermined):
            missing = tuple(f"{name} of the sample, as an exact result" for name in corrected.value.missing)
            graded = replace(grade(criterion.term, None, version=self.version), cannot=Undetermined(missing))
            return ResultGrade(result, graded, None, "mmol/L", sources=corrected.sources)
        value = Reading(corrected.value)
        words = f"corrected for albumin: {measured(corrected.value, 'mmol/L')}"
        found = self._compared(result, criterion, value, "mmol/L", (words,))
        return replace(found, sources=tuple(dict.fromkeys((*found.sources, *corrected.sources))))

    def _compared(
        self,
        result: Result,
        criterion: Criterion,
        reading: Reading | None,
        unit: str | None,
        remarks: tuple[str, ...],
    ) -> ResultGrade:
        baseline, flag, told = self._baseline(result, criterion)
        reference = baseline.in_unit(unit) if baseline is not None and unit is not None else None

        def compared(flags: Flags) -> Graded:
            return grade(
                criterion.term,
                reading.number if reading is not None else None,
                version=self.version,
                unit=unit,
                comparator=reading.comparator if reading is not None else "",
                low=result.limit_in(unit, upper=False) if unit is not None else None,
                high=result.limit_in(unit, upper=True) if unit is not None else None,
                baseline=reference.number if reference is not None and not reference.comparator else None,
                baseline_flag=flag,
                symptoms=flags[When.SYMPTOMS],
                anticoagulated=flags[When.ANTICOAGULATED],
                convention=Convention.COLLECTED,
            )

        recorded = _recorded(result)
        flags = {when: self._taken(answer) for when, (answer, _) in recorded.items()}
        graded = compared(flags)
        assumed: list[str] = []
        sources = [result.source]
        for when, (answer, told_in) in recorded.items():
            if answer is not None and criterion.depends_on(when):
                sources.append(told_in)
            if flags[when] and not answer:
                milder = compared(flags | {when: False}).grade
                if milder != graded.grade:
                    assumed.append(f"“{when.value}” is taken as given: grade {milder} without")
        if baseline is not None:
            sources.append(baseline.source)
        words = (*remarks, *told, *assumed)
        return ResultGrade(result, graded, reading, unit or "", baseline, words, tuple(sources))

    def _baseline(
        self, result: Result, criterion: Criterion
    ) -> tuple[Result | None, BaselineFlag | None, tuple[str, ...]]:
        """The baseline of a result, where it lay, and both in words; nothing where it does not matter."""
        if not criterion.needs_baseline:
            return None, None, ()
        if self.until is None or result.day <= self.until:
            return None, BaselineFlag.NONE_YET, ("before treatment",)
        of_day = self._baselines_of(result.code, self.until)
        found = last_until(of_day, self.until)
        if found is None:
            return None, None, (f"no baseline value up to {self.until}",)
        flag = BaselineFlag(found.row.flag) if found.row.flag in FLAGS else None
        where = flag.value.lower() if flag is not None else "without a range"
        words = f"baseline {_shown(found)} on {found.day} ({where})"
        # Nobody wrote down which of a day came last: what does not count is told, not passed over.
        others = dict.fromkeys(_shown(each) for each in of_day if _shown(each) != _shown(found))
        beside = (f"also measured on {found.day}: {' and '.join(others)}",) if others else ()
        return found, flag, (words, *beside)

    def _baselines_of(self, code: str, until: date) -> list[Result]:
        """The last result before treatment; several where those of one day have no times."""
        if code not in self.baselines:
            numeric = [each for each in results_of(self.facts, self.subject, [code]) if each.reading]
            self.baselines[code] = newest_until(numeric, until)
        return self.baselines[code]

    def _taken(self, answer: bool | None) -> bool | None:
        """What stands for an answer, by the setting."""
        if self.circumstances is Circumstances.WORST_CASE:
            return True
        if answer is None and self.circumstances is Circumstances.RECORDED_OR_WORST_CASE:
            return True
        return answer


def _recorded(result: Result) -> dict[When, tuple[bool | None, Source]]:
    """What was answered about a result, and where."""
    return {
        When.SYMPTOMS: (
            _answer(result.row.symptoms),
            source(result.sample, "symptoms", result.row),
        ),
        When.ANTICOAGULATED: (
            _answer(result.sample.anticoagulated),
            source(result.sample, "anticoagulated"),
        ),
    }


def _shown(result: Result) -> str:
    return with_unit(str(result.row.value), result.row.unit or "")


def _answer(written: str | None) -> bool | None:
    return None if written is None else written == YesNo.YES


def _unit_for(result: Result, criterion: Criterion) -> str | None:
    """The unit in which a result is graded: its own where the criterion has it, else one that it leads to."""
    reported = result.row.unit
    if unit_of(criterion, reported) is not None:
        return reported
    return convertible(result.code, reported or "", criterion.by_unit) or reported


def _either(one: ResultGrade, other: ResultGrade, missing: str) -> ResultGrade:
    """A result that belongs to one of two criteria: graded where both give the same grade."""
    if one.grade is not None and one.grade == other.grade:
        return one
    possible = tuple(sorted({*one.graded.possible, *other.graded.possible}))
    undecided = Graded(
        None,
        one.term,
        one.graded.version,
        one.graded.direction,
        cannot=Undetermined((missing,)),
        possible=possible,
    )
    return replace(one, graded=undecided)


def _proteinurias(facts: Facts, subject: Subject, version: str) -> Iterator[ResultGrade]:
    """Protein in the urine of each sample: the strip and the excretion in 24 hours together."""
    samples: dict[int, dict[str, Result]] = {}
    for each in results_of(facts, subject, [STRIP, EXCRETION]):
        samples.setdefault(each.sample.pk, {})[each.code] = each
    for found in samples.values():
        strip, excretion = found.get(STRIP), found.get(EXCRETION)
        reading = excretion.reading if excretion is not None else None
        graded = proteinuria(
            strip=strip.row.word if strip is not None else None,
            excretion=reading.number if reading is not None else None,
            comparator=reading.comparator if reading is not None else "",
            unit=(excretion.row.unit or "") if excretion is not None else "",
            high=excretion.row.range_high if excretion is not None else None,
            version=version,
        )
        [first, *more] = [each for each in (excretion, strip) if each is not None]
        sources = tuple(each.source for each in (first, *more))
        yield ResultGrade(first, graded, reading, first.row.unit or "", sources=sources)
