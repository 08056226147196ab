"""The published table beside the computed one: each figure in the words in which it was printed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ecrf.reports.efficacy import Efficacy
from ecrf.reports.endpoints import AnalysisSet
from ecrf.reports.published import Published
from ecrf.reports.safety import ArmSafety
from ecrf.reports.statistics.kaplan_meier import Quantile
from trials.clinical.endpoints.result import Endpoint

NOT_REACHED = "not reached"
NONE = "—"
_OF_GRADE = re.compile(r"grade_([1-5])_(\w+)")


@dataclass(frozen=True)
class Line:
    """One figure: published and computed by arm, as text; an empty text where there is none."""

    label: str
    published: Mapping[str, str]
    computed: Mapping[str, str]

    def agrees(self, arm: str) -> bool | None:
        """Whether both are the same as printed; None where nothing is published."""
        return self.published[arm] == self.computed[arm] if self.published.get(arm) else None


@dataclass(frozen=True)
class Measure:
    """How a measure is called, printed as it was published, and computed for an arm."""

    label: str
    printed: Callable[[Mapping[str, Any]], str]
    computed: Callable[[Efficacy, str, Mapping[str, Any]], str]


def published_lines(report: Efficacy) -> list[Line]:
    """Every published figure beside the computed one; the computed ones alone where nothing is published."""
    published = report.published or Published("", {})
    lines = [_line(report, published, name, measure) for name, measure in MEASURES.items()]
    lines += [
        _line(report, published, name, _of_grade(name))
        for name in published.names()
        if name not in MEASURES and _OF_GRADE.fullmatch(name)
    ]
    return lines + _events(report, published)


def _line(report: Efficacy, published: Published, name: str, measure: Measure) -> Line:
    printed, computed = {}, {}
    for arm in report.arms:
        told = published.measure(arm, name)
        printed[arm] = measure.printed(told) if told else ""
        computed[arm] = measure.computed(report, arm, told)
    return Line(measure.label, printed, computed)


# ---------------------------------------------------------------- as printed
def _printed_count(told: Mapping[str, Any]) -> str:
    percent = f" ({told['percent']}%)" if "percent" in told else ""
    return f"{told['subjects']}{percent}"


def _printed_rate(told: Mapping[str, Any]) -> str:
    return f"{told['responders']}, {told['percent']}% ({_interval(told)})"


def _printed_median(told: Mapping[str, Any]) -> str:
    return f"{told['median']} ({_interval(told)})"


def _interval(told: Mapping[str, Any]) -> str:
    return " to ".join(told["interval"])


# ---------------------------------------------------------------- as computed
def _randomized(report: Efficacy, arm: str, told: Mapping[str, Any]) -> str:
    return str(report.sets[AnalysisSet.ITT][arm])


def _rate(report: Efficacy, arm: str, told: Mapping[str, Any]) -> str:
    found = next(each for each in report.rate(report.choices.confirmations[0]).arms if each.arm == arm)
    if found.estimate is None or found.interval is None:
        return NONE
    interval = f"{100 * found.interval.lower:.1f} to {100 * found.interval.upper:.1f}"
    return f"{found.rate.count}, {100 * found.estimate:.1f}% ({interval})"


def _median(endpoint: Endpoint) -> Callable[[Efficacy, str, Mapping[str, Any]], str]:
    def computed(report: Efficacy, arm: str, told: Mapping[str, Any]) -> str:
        times = report.times[endpoint]
        found = next(each for each in times.arms if each.arm == arm)
        return quantile_text(found.medians[times.interval]) if found.curve else NONE

    return computed


def quantile_text(found: Quantile) -> str:
    """A quantile with its interval, one decimal.

    >>> quantile_text(Quantile(8.94, 4.2, None))
    '8.9 (4.2 to not reached)'
    """
    estimate, lower, upper = (
        NOT_REACHED if each is None else f"{each:.1f}" for each in (found.estimate, found.lower, found.upper)
    )
    return f"{estimate} ({lower} to {upper})"


def count_text(count: int, total: int, decimals: int = 1) -> str:
    """A number of subjects with its percentage.

    >>> count_text(11, 31), count_text(22, 31, 0), count_text(0, 0)
    ('11 (35.5%)', '22 (71%)', '0')
    """
    return f"{count} ({100 * count / total:.{decimals}f}%)" if total else str(count)


def _safety(count: Callable[[ArmSafety], int]) -> Callable[[Efficacy, str, Mapping[str, Any]], str]:
    def computed(report: Efficacy, arm: str, told: Mapping[str, Any]) -> str:
        found = next(each for each in report.safety if each.arm == arm)
        return _like(told, count(found), found.treated)

    return computed


def _like(told: Mapping[str, Any], count: int, total: int) -> str:
    """A count printed as the published one is: with as many decimals, or without a percentage."""
    if told and "percent" not in told:
        return str(count)
    decimals = len(str(told["percent"]).partition(".")[2]) if told else 1
    return count_text(count, total, decimals)


def _of_grade(name: str) -> Measure:
    """`grade_4_platelet_count_decreased`: subjects whose worst related event of that CTCAE term has it."""
    found = _OF_GRADE.fullmatch(name)
    grade, term = (int(found[1]), found[2].replace("_", " ")) if found else (0, name)

    def count(arm: ArmSafety) -> int:
        return sum(
            number
            for (of_term, of_grade), number in arm.related_grades.items()
            if of_term.casefold() == term and of_grade == grade
        )

    label = f"{term.capitalize()}, grade {grade}, related"
    return Measure(label, _printed_count, _safety(count))


def _events(report: Efficacy, published: Published) -> list[Line]:
    """Each published event by the term as reported."""
    told = {arm: published.measure(arm, "events") for arm in report.arms}
    terms = dict.fromkeys(term for of_arm in told.values() for term in of_arm)
    lines = []
    for term in terms:
        printed, computed = {}, {}
        for found in report.safety:
            of_arm = told[found.arm].get(term, {})
            printed[found.arm] = _printed_count(of_arm) if of_arm else ""
            counted = {name.casefold(): number for name, number in found.terms.items()}
            computed[found.arm] = _like(of_arm, counted.get(term.casefold(), 0), found.treated)
        lines.append(Line(f"{term}, as reported, any grade", printed, computed))
    return lines


MEASURES: Mapping[str, Measure] = {
    "randomized": Measure("Randomized", _printed_count, _randomized),
    "response": Measure("Objective response (95% interval)", _printed_rate, _rate),
    "overall_survival": Measure(
        "Overall survival, median in months (95% interval)", _printed_median, _median(Endpoint.OS)
    ),
    "progression_free_survival": Measure(
        "Progression-free survival, median in months (95% interval)", _printed_median, _median(Endpoint.PFS)
    ),
    "surgery": Measure("Resection after downstaging", _printed_count, _safety(lambda arm: arm.resected)),
    "related_grade_3_4": Measure(
        "Treatment-related event of grade 3 or 4", _printed_count, _safety(lambda arm: arm.related_grade_3_4)
    ),
    "related_grade_5": Measure(
        "Treatment-related event of grade 5", _printed_count, _safety(lambda arm: arm.related_grade_5)
    ),
}
