"""The report of efficacy as JSON: every number unrounded, what has no value null."""

import math
from collections.abc import Mapping
from typing import Any

from ecrf.reports.beside import published_lines
from ecrf.reports.efficacy import Efficacy, ResponseBlock
from ecrf.reports.endpoints import SETS_IN_WORDS
from ecrf.reports.rates import RateAnalysis
from ecrf.reports.safety import MOST_FREQUENT, ArmSafety
from ecrf.reports.statistics.kaplan_meier import Quantile, Step, Transformation
from ecrf.reports.times import ArmTimes, TimeAnalysis, TimeComparison
from trials.clinical.endpoints.result import Endpoint

JSON = dict[str, Any]


def efficacy_as_json(report: Efficacy) -> JSON:
    """The whole report. Times are in months; a rate and its limits lie between 0 and 1.

    `censoring` are the rules that were followed, asked for or the study's; `study_settings` are the
    study's own, whatever was asked for.
    """
    return {
        "study": report.study,
        "population": report.population,
        "as_of": report.moment.as_of,
        "cutoff": report.moment.cutoff,
        "censoring": report.choices.rules.censoring,
        "study_settings": dict(report.choices.held),
        "arms": [{"arm": code, "title": title} for code, title in report.arms.items()],
        "sets": [
            {"set": each, "words": SETS_IN_WORDS[each], "subjects": dict(held)}
            for each, held in report.sets.items()
        ],
        "not_randomized": report.not_randomized,
        "data_withheld": report.withheld,
        "published": _published(report),
        "published_note": report.published_note or None,
        "response": [_response(block) for block in report.responses],
        "overall_survival": _times(report.times[Endpoint.OS]),
        "progression_free_survival": _times(report.times[Endpoint.PFS]),
        "duration_of_response": [
            {"reading": confirmation, **_times(times)} for confirmation, times in report.durations.items()
        ],
        "progression_free_survival_alternatives": [
            {
                "censoring": each.censoring,
                "resection": each.resection,
                "is_default": each.is_default,
                **_times(each.times, curves=False),
            }
            for each in report.alternatives
        ],
        "safety": [_safety(arm) for arm in report.safety],
        "undetermined": [
            {"subject": each.subject, "endpoint": each.endpoint, "missing": list(each.missing)}
            for each in report.open
        ],
    }


def _published(report: Efficacy) -> JSON | None:
    if report.published is None:
        return None
    lines = [
        {
            "label": line.label,
            "arms": [
                {
                    "arm": arm,
                    "published": line.published[arm] or None,
                    "computed": line.computed[arm],
                    "agrees": line.agrees(arm),
                }
                for arm in report.arms
            ],
        }
        for line in published_lines(report)
    ]
    return {"source": report.published.source, "lines": lines}


def _response(block: ResponseBlock) -> JSON:
    return {
        "reading": block.confirmation,
        "best": [
            {"arm": arm, "responses": {(each or "UNDETERMINED"): count for each, count in held.items()}}
            for arm, held in block.best.items()
        ],
        "objective_response": {each: _rates(rates) for each, rates in block.objective.items()},
        "disease_control": {each: _rates(rates) for each, rates in block.control.items()},
    }


def _rates(rates: RateAnalysis) -> JSON:
    return {
        "arms": [
            {
                "arm": each.arm,
                "count": each.rate.count,
                "total": each.rate.total,
                "undetermined": each.rate.undetermined,
                "rate": each.estimate,
                "lower": each.interval and each.interval.lower,
                "upper": each.interval and each.interval.upper,
            }
            for each in rates.arms
        ],
        "differences": [
            {
                "first": each.first,
                "second": each.second,
                "difference": each.estimate,
                "lower": each.interval.lower,
                "upper": each.interval.upper,
                "fisher_p": each.p,
            }
            for each in rates.differences
        ],
    }


def _times(times: TimeAnalysis, *, curves: bool = True) -> JSON:
    return {
        "interval": times.interval,
        "arms": [_arm(each, times.interval, curves=curves) for each in times.arms],
        "comparisons": [_comparison(each) for each in times.comparisons],
    }


def _arm(each: ArmTimes, interval: Transformation, *, curves: bool) -> JSON:
    curve = {"curve": [_step(step, interval) for step in each.curve.steps] if each.curve else []}
    return {
        "arm": each.arm,
        "subjects": each.subjects,
        "events": each.events,
        "censored": each.censored,
        "undetermined": each.undetermined,
        "left_out": each.left_out,
        "not_applicable": each.not_applicable,
        "median": _quantile(each.medians.get(interval)),
        "medians": {kind: _quantile(found) for kind, found in each.medians.items()},
        "landmarks": [
            {
                "month": point.time,
                "at_risk": point.at_risk,
                "survival": point.survival,
                "lower": point.lower,
                "upper": point.upper,
            }
            for point in each.landmarks
        ],
        "median_follow_up": _quantile(each.follow_up),
        **(curve if curves else {}),
    }


def _step(step: Step, interval: Transformation) -> JSON:
    lower, upper = step.limits[interval]
    return {
        "month": step.time,
        "at_risk": step.at_risk,
        "events": step.events,
        "censored": step.censored,
        "survival": step.survival,
        "lower": _known(lower),
        "upper": _known(upper),
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _quantile(found: Quantile | None) -> JSON | None:
    if found is None:
        return None
    return {"estimate": found.estimate, "lower": found.lower, "upper": found.upper}


def _comparison(each: TimeComparison) -> JSON:
    test, ratio = each.log_rank, each.hazard
    return {
        "first": each.first,
        "second": each.second,
        "log_rank": test
        and {
            "observed": list(test.observed),
            "expected": list(test.expected),
            "variance": test.variance,
            "chi_square": test.chi_square,
            "p": test.p,
        },
        "hazard_ratio": ratio
        and {"ratio": ratio.ratio, "lower": ratio.lower, "upper": ratio.upper, "p": ratio.p},
        "without": list(each.why),
    }


def _safety(arm: ArmSafety) -> JSON:
    return {
        "arm": arm.arm,
        "treated": arm.treated,
        "any_event": arm.any_event,
        "related": arm.related,
        "related_grade_3_4": arm.related_grade_3_4,
        "related_grade_5": arm.related_grade_5,
        "ungraded_events": arm.ungraded_events,
        "resected": arm.resected,
        "most_frequent": _most_frequent(arm.terms, arm.related_terms),
        "related_grades": [
            {"ctcae_term": term, "grade": grade, "subjects": count}
            for (term, grade), count in sorted(arm.related_grades.items())
        ],
    }


def _most_frequent(terms: Mapping[str, int], related: Mapping[str, int]) -> list[JSON]:
    return [
        {"term": term, "subjects": count, "related": related.get(term, 0)}
        for term, count in list(terms.items())[:MOST_FREQUENT]
    ]
