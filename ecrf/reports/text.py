"""The report of efficacy as plain text, for a terminal or a file."""

from collections.abc import Iterable, Iterator, Sequence

from ecrf.reports.beside import NONE, Line, count_text, published_lines, quantile_text
from ecrf.reports.efficacy import DENOMINATORS, Efficacy, ResponseBlock
from ecrf.reports.endpoints import SETS_IN_WORDS
from ecrf.reports.rates import RateAnalysis
from ecrf.reports.safety import MOST_FREQUENT
from ecrf.reports.statistics.kaplan_meier import Transformation
from ecrf.reports.times import ArmTimes, TimeAnalysis
from trials.clinical.endpoints.result import Endpoint

Row = Sequence[str]
GAP = "  "


def efficacy_as_text(report: Efficacy) -> str:
    """The whole report, one section after the other."""
    sections = (
        _head(report),
        _beside(report),
        _sets(report),
        *(_response(report, block) for block in report.responses),
        _times(report.times[Endpoint.OS]),
        _times(report.times[Endpoint.PFS]),
        *(
            _times(times, f", {confirmation.lower()} responses")
            for confirmation, times in report.durations.items()
        ),
        _alternatives(report),
        _safety(report),
        _open(report),
    )
    return "\n\n".join("\n".join(section) for section in map(list, sections) if section) + "\n"


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Rows as columns of equal width, the first one to the left of all.

    >>> list(table([("", "A", "B"), ("Randomized", "31", "30")]))
    ['            A   B', 'Randomized  31  30']
    """
    held = [list(row) for row in rows]
    widths = [max(len(row[place]) for row in held) for place in range(len(held[0]))]
    for row in held:
        yield GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _head(report: Efficacy) -> Iterator[str]:
    rules, moment = report.choices.rules, report.moment
    yield f"EFFICACY of {report.study}"
    yield f"Population: {report.population}"
    yield f"As recorded by: {moment.as_of or 'now'}. Data cut-off: {moment.cutoff or 'none'}."
    yield (
        f"Rules of censoring: {rules.censoring}; resection: {rules.resection}; "
        f"time from: {rules.origin}; {rules.month_days} days to the month."
    )
    for code, title in report.arms.items():
        yield f"Arm {code}: {title}"


def _beside(report: Efficacy) -> Iterator[str]:
    lines = published_lines(report)
    arms = list(report.arms)
    if report.published is None:
        yield "OVERVIEW"
        yield from [report.published_note] if report.published_note else []
        yield from table(
            [("", *arms), *((line.label, *(line.computed[arm] for arm in arms)) for line in lines)]
        )
        return
    yield f"PUBLISHED BESIDE COMPUTED (published: {report.published.source}; * marks a difference)"
    head = ("", *(f"{arm} {what}" for arm in arms for what in ("published", "computed")))
    rows = [
        (line.label, *(cell for arm in arms for cell in (line.published[arm] or NONE, _marked(line, arm))))
        for line in lines
    ]
    yield from table([head, *rows])


def _marked(line: Line, arm: str) -> str:
    return line.computed[arm] + (" *" if line.agrees(arm) is False else "")


def _sets(report: Efficacy) -> Iterator[str]:
    yield "ANALYSIS SETS (subjects)"
    rows = [
        (f"{each}: {SETS_IN_WORDS[each]}", *(str(held[arm]) for arm in report.arms))
        for each, held in report.sets.items()
    ]
    yield from table([("", *report.arms), *rows])
    yield f"Not randomized: {report.not_randomized}. Use of data withdrawn, left out: {report.withheld}."


def _response(report: Efficacy, block: ResponseBlock) -> Iterator[str]:
    yield f"RESPONSE, {block.confirmation.lower()}"
    of_arms = list(block.best.values())
    responses = list(dict.fromkeys(each for held in of_arms for each in held))
    best = [
        (f"Best overall response {each or 'undetermined'}", *(str(held.get(each, 0)) for held in of_arms))
        for each in responses
    ]
    yield from table([("", *report.arms), *best])
    chosen = DENOMINATORS[report.choices.denominator]
    for name, rates in (("Objective response", block.objective), ("Disease control", block.control)):
        for each in (chosen, *(other for other in rates if other is not chosen)):
            yield from _rate(f"{name} among {each}", rates[each])


def _rate(label: str, rates: RateAnalysis) -> Iterator[str]:
    for each in rates.arms:
        share = f"{each.rate.count}/{each.rate.total}"
        if each.estimate is not None and each.interval is not None:
            limits = f"{100 * each.interval.lower:.1f} to {100 * each.interval.upper:.1f}"
            share += f" = {100 * each.estimate:.1f}% ({limits})"
        undetermined = f", {each.rate.undetermined} undetermined" if each.rate.undetermined else ""
        yield f"{label}, {each.arm}: {share}{undetermined}"
    for two in rates.differences:
        points = [100 * value for value in (two.estimate, two.interval.lower, two.interval.upper)]
        yield (
            f"{label}, {two.first} minus {two.second}: {points[0]:+.1f} points "
            f"({points[1]:+.1f} to {points[2]:+.1f}), Fisher p {two.p:.2f}"
        )


def _times(times: TimeAnalysis, further: str = "") -> Iterator[str]:
    yield f"{times.endpoint.spelled_out.upper()}{further} (months; interval of the median: {times.interval})"
    arms = times.arms
    rows: list[Row] = [
        ("", *(each.arm for each in arms)),
        ("Subjects", *(str(each.subjects) for each in arms)),
        ("Events", *(str(each.events) for each in arms)),
        ("Censored", *(str(each.censored) for each in arms)),
        ("Undetermined (of these left out)", *(f"{each.undetermined} ({each.left_out})" for each in arms)),
    ]
    if times.endpoint is Endpoint.DOR:
        rows.append(("Without such a time", *(str(each.not_applicable) for each in arms)))
    kinds = dict.fromkeys([times.interval, *(kind for each in arms for kind in each.medians)])
    rows += [(f"Median ({kind})", *(_median(each, kind) for each in arms)) for kind in kinds]
    rows += _landmarks(arms)
    if times.endpoint is Endpoint.OS:
        followed = (quantile_text(each.follow_up) if each.follow_up else NONE for each in arms)
        rows.append(("Median follow-up", *followed))
    yield from table(rows)
    yield from _comparisons(times)


def _median(each: ArmTimes, kind: Transformation) -> str:
    return quantile_text(each.medians[kind]) if each.medians else NONE


def _landmarks(arms: Sequence[ArmTimes]) -> Iterator[Row]:
    months = sorted({point.time for each in arms for point in each.landmarks})
    for month in months:
        yield f"Free of the event at {month:g} months", *(_at(each, month) for each in arms)


def _at(each: ArmTimes, month: float) -> str:
    point = next((found for found in each.landmarks if found.time == month), None)
    if point is None or point.survival is None:
        return NONE
    limits = (NONE if value is None else f"{100 * value:.1f}" for value in (point.lower, point.upper))
    return f"{100 * point.survival:.1f}% ({' to '.join(limits)}), {point.at_risk} at risk"


def _comparisons(times: TimeAnalysis) -> Iterator[str]:
    for each in times.comparisons:
        if each.log_rank is not None:
            test = each.log_rank
            yield (
                f"Log-rank {each.first} and {each.second}: "
                f"observed {test.observed[0]} and {test.observed[1]}, "
                f"expected {test.expected[0]:.2f} and {test.expected[1]:.2f}, "
                f"chi-square {test.chi_square:.3f}, p {test.p:.3f}"
            )
        if each.hazard is not None:
            ratio = each.hazard
            yield (
                f"Hazard ratio {each.second} over {each.first}: "
                f"{ratio.ratio:.2f} ({ratio.lower:.2f} to {ratio.upper:.2f}), p {ratio.p:.3f}"
            )
        yield from (f"{each.first} and {each.second}: {why}" for why in each.why)


def _alternatives(report: Efficacy) -> Iterator[str]:
    yield "PROGRESSION-FREE SURVIVAL UNDER OTHER RULES (events; median in months)"
    rows: list[Row] = [("", *report.arms, "Hazard ratio")]
    for each in report.alternatives:
        default = ", as the study's settings" if each.is_default else ""
        ratios = [found.hazard.ratio for found in each.times.comparisons if found.hazard]
        rows.append(
            (
                f"{each.censoring}, resection {each.resection}{default}",
                *(f"{arm.events}; {_median(arm, each.times.interval)}" for arm in each.times.arms),
                ", ".join(f"{ratio:.2f}" for ratio in ratios) or NONE,
            )
        )
    yield from table(rows)


def _safety(report: Efficacy) -> Iterator[str]:
    yield "ADVERSE EVENTS (treated subjects; each counts once for a line)"
    arms = report.safety
    rows: list[Row] = [
        ("", *(each.arm for each in arms)),
        ("Treated", *(str(each.treated) for each in arms)),
        ("Any event", *(count_text(each.any_event, each.treated) for each in arms)),
        ("Treatment-related", *(count_text(each.related, each.treated) for each in arms)),
        ("Related, grade 3 or 4", *(count_text(each.related_grade_3_4, each.treated) for each in arms)),
        ("Related, grade 5", *(count_text(each.related_grade_5, each.treated) for each in arms)),
        ("Events without a grade", *(str(each.ungraded_events) for each in arms)),
    ]
    terms = list(dict.fromkeys(term for each in arms for term in list(each.terms)[:MOST_FREQUENT]))
    terms.sort(key=lambda term: (-sum(each.terms.get(term, 0) for each in arms), term))
    rows += [
        (term, *(count_text(each.terms.get(term, 0), each.treated) for each in arms))
        for term in terms[:MOST_FREQUENT]
    ]
    yield from table(rows)


def _open(report: Efficacy) -> Iterator[str]:
    yield "CANNOT BE DETERMINED"
    if not report.open:
        yield "Nothing: every endpoint of every randomized subject is determined."
    for each in report.open:
        yield f"{each.subject}, {each.endpoint}: no {', no '.join(each.missing) or 'reason given'}"
