"""Progression-free survival: from the origin to progression or death, censored by the rules of the table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from trials.clinical.endpoints.deriving import Answer, against_death, derive, undetermined
from trials.clinical.endpoints.history import Assessment, Happening, History, Sources
from trials.clinical.endpoints.result import Endpoint, Outcome, Step, TimeToEvent
from trials.clinical.endpoints.rules import Handling, Rules, Situation
from trials.clinical.endpoints.schedule import missed_before
from trials.clinical.recist.course import ProgressionDate
from trials.clinical.recist.response import Response

SEEN_ON_SCANS = (Situation.PROGRESSION,)
UNSEEN_AFTER_A_GAP = (Situation.PROGRESSION, Situation.REPORTED_PROGRESSION, Situation.DEATH)


@dataclass(frozen=True)
class Occurrence:
    """Something that ends progression-free survival, censors it, or is passed over."""

    situation: Situation
    on: date
    handling: Handling
    words: str
    sources: Sources = ()
    when: str = ""
    because: str = ""

    @property
    def dated(self) -> str:
        """The thing with its day as far as it is known, for a sentence."""
        return f"{self.words} ({self.when or self.on})"


def progression_free_survival(history: History, rules: Rules) -> TimeToEvent:
    """Progression-free survival of one subject, by the rules of censoring of `rules`.

    >>> from trials.clinical.partial_date import parse
    >>> seen = parse("2021-04-12")
    >>> known = History(randomized=Happening(parse("2021-03-01"), "randomization"),
    ...                 baseline=Happening(parse("2021-02-20"), "the baseline scan"),
    ...                 assessments=(Assessment(seen, seen, Response.PD, grew=True),))
    >>> found = progression_free_survival(known, Rules())
    >>> found.outcome.value, found.time.days, found.time.rule.value
    ('EVENT', 43, 'PROGRESSION')
    """
    steps = opening(history, rules)
    if history.baseline is None and history.undated_baseline is not None:
        missing = (f"day of {history.undated_baseline.words}",)
        return undetermined(Endpoint.PFS, steps, "the scans of baseline have no date", missing)
    return derive(Endpoint.PFS, history, rules, partial(survival, rules=rules), steps)


def opening(history: History, rules: Rules) -> list[Step]:
    """The steps that every history has: rules, cut-off, baseline, assessments."""
    cutoff = f"; data cut-off on {history.cutoff}" if history.cutoff else ""
    steps = [Step(f"Rules of censoring: {rules.censoring}{cutoff}.")]
    if history.baseline is None and (undated := history.undated_baseline):
        steps.append(Step(f"{_capital(undated.words)}: its scans have no date.", undated.sources))
    elif history.baseline is None:
        steps.append(Step("No baseline scan is recorded."))
    else:
        steps.append(Step(f"Baseline: {history.baseline.dated}.", history.baseline.sources))
    if not history.assessments:
        steps.append(Step("No tumor assessment after baseline is recorded."))
    steps += [_seen(each) for each in history.assessments]
    for each in history.unfinished:
        words = f"{_capital(each.dated)} does not count: its scans went on after the data cut-off."
        steps.append(Step(words, each.sources))
    for undated in history.undated:
        steps.append(Step(f"{_capital(undated.words)}: its scans have no date.", undated.sources))
    steps += [Step(f"Remark: {words}.") for words in history.left_out]
    return steps


def _seen(each: Assessment) -> Step:
    label = f" ({each.label})" if each.label else ""
    return Step(f"Assessment{label}: {each.dated}{_because(each)}.", each.sources)


def _because(each: Assessment) -> str:
    return f": {each.why}" if each.why else ""


def survival(history: History, origin: Happening, *, rules: Rules) -> Answer:
    """The answer of one history whose days are all known."""
    no_baseline = history.baseline is None and rules.handling(Situation.NO_BASELINE) is Handling.CENSOR
    settled = (*history.assessments, *(each.settled for each in history.undated))
    assessments = () if no_baseline else settled
    found = sorted(_occurrences(history, rules, assessments), key=lambda each: each.on)
    if early := next((each for each in found if each.on < origin.day), None):
        return _contradiction(early, f"{early.dated} lies before {origin.dated}")
    event = next((each for each in found if each.handling is Handling.EVENT), None)
    adequate = [each for each in assessments if each.is_adequate and each.day >= origin.day]
    cuts = [
        each for each in found if each.handling is Handling.CENSOR and (event is None or each.on < event.on)
    ]
    if event is not None and (gap := _gap(history, origin, rules, adequate, event)):
        cuts.append(gap)
    passed = _passed_over(found, event)
    if cuts:
        return _censored_at(_first(cuts, adequate), adequate, origin, event, passed)
    if event is not None:
        return _event(history, event, passed)
    return _no_event(history, adequate, origin, no_baseline, passed)


def _occurrences(history: History, rules: Rules, assessments: Sequence[Assessment]) -> Iterable[Occurrence]:
    """Everything that may end or censor, with what the rules make of it; progression stands first."""
    progressed = [each for each in assessments if each.response is Response.PD]
    dated = [(_progressed_on(each, rules), each) for each in progressed]
    if dated:
        on, first = min(dated, key=lambda pair: pair[0])
        handling = rules.handling(Situation.PROGRESSION)
        why = _because(first)
        yield Occurrence(Situation.PROGRESSION, on, handling, _how(first), first.sources, because=why)
    for reported in history.reported_progressions:
        ended = reported.ended_treatment
        situation = Situation.UNDOCUMENTED_PROGRESSION if ended else Situation.REPORTED_PROGRESSION
        yield _happened(situation, reported, rules)
    if history.death is not None:
        yield _happened(Situation.DEATH, history.death, rules)
    for resection in history.resections:
        yield _happened(Situation.RESECTION, resection, rules, resection.handling)
    for therapy in history.new_therapies:
        yield _happened(Situation.NEW_THERAPY, therapy, rules)
    if history.discontinuation is not None:
        yield _happened(Situation.DISCONTINUATION, history.discontinuation, rules)


def _happened(
    situation: Situation, what: Happening, rules: Rules, decided: Handling | None = None
) -> Occurrence:
    handling = decided or rules.handling(situation)
    return Occurrence(situation, what.day, handling, what.words, what.sources, what.when)


def _progressed_on(each: Assessment, rules: Rules) -> date:
    scan = each.first_scan if rules.progression_date is ProgressionDate.FIRST_SCAN else each.last_scan
    if each.new_lesion_on is None:
        return scan.earliest
    by_lesion = each.new_lesion_on.earliest
    return min(by_lesion, scan.earliest) if each.grew else by_lesion


def _how(each: Assessment) -> str:
    return (
        "progression by a new lesion" if each.new_lesion_on is not None and not each.grew else "progression"
    )


def _gap(
    history: History, origin: Happening, rules: Rules, adequate: Sequence[Assessment], event: Occurrence
) -> Occurrence | None:
    """The gap of missed assessments before an event, where the rules censor there."""
    if event.situation not in UNSEEN_AFTER_A_GAP:
        return None
    if rules.handling(Situation.MISSED_ASSESSMENTS) is not Handling.CENSOR:
        return None
    before = [each.day for each in adequate if each.day < event.on]
    last = max(before, default=None)
    seen = event.situation in SEEN_ON_SCANS
    missed = missed_before(history.planned, _day_1(history, origin), last, event.on, seen)
    if len(missed) < rules.missed_assessments:
        return None
    days = ", ".join(each.named for each in missed)
    words = f"{len(missed)} planned assessments in a row without an adequate scan ({days})"
    sources = tuple(source for each in missed for source in each.sources)
    return Occurrence(Situation.MISSED_ASSESSMENTS, last or origin.day, Handling.CENSOR, words, sources)


def _day_1(history: History, origin: Happening) -> date:
    return history.randomized.day if history.randomized is not None else origin.day


def _passed_over(found: Sequence[Occurrence], event: Occurrence | None) -> list[Step]:
    """What came before the end and is ignored: said, so that nobody looks for it in vain."""
    return [
        Step(f"{_capital(each.dated)}: ignored by the rules.", each.sources)
        for each in found
        if each.handling is Handling.IGNORE and (event is None or each.on < event.on)
    ]


def _event(history: History, event: Occurrence, passed: Sequence[Step]) -> Answer:
    step = Step(f"First event: {event.dated}{event.because}.", event.sources)
    contradiction, sources = "", event.sources
    if event.situation is Situation.DEATH:
        contradiction, sources = against_death(history)
    return Answer(Outcome.EVENT, event.on, event.situation, (*passed, step), contradiction, sources)


def _first(cuts: Sequence[Occurrence], adequate: Sequence[Assessment]) -> Occurrence:
    """The one that censors first; of two that censor on the same day, something that happened."""

    def order(cut: Occurrence) -> tuple[date, bool, date]:
        last = _last_before(cut.on, adequate)
        return last.day if last else date.min, cut.situation is Situation.MISSED_ASSESSMENTS, cut.on

    return min(cuts, key=order)


def _last_before(on: date, adequate: Sequence[Assessment]) -> Assessment | None:
    """The last adequate assessment on or before a day."""
    return max((each for each in adequate if each.day <= on), key=lambda each: each.day, default=None)


def _censored_at(
    cut: Occurrence,
    adequate: Sequence[Assessment],
    origin: Happening,
    event: Occurrence | None,
    passed: Sequence[Step],
) -> Answer:
    steps = [*passed]
    if cut.situation is Situation.MISSED_ASSESSMENTS:
        steps.append(Step(f"Before the event there were {cut.words}.", cut.sources))
    else:
        steps.append(Step(f"{_capital(cut.dated)}, before any event.", cut.sources))
    if event is not None:
        steps.append(Step(f"What came later does not count: {event.dated}.", event.sources))
    on = _last_seen(_last_before(cut.on, adequate), origin, steps)
    return Answer(Outcome.CENSORED, on, cut.situation, tuple(steps))


def _no_event(
    history: History,
    adequate: Sequence[Assessment],
    origin: Happening,
    no_baseline: bool,
    passed: Sequence[Step],
) -> Answer:
    steps = [*passed, Step("No event is recorded.")]
    if history.lost is not None:
        steps.append(Step(f"Contact ended: {history.lost.dated}.", history.lost.sources))
    if no_baseline:
        steps.append(Step("Without a baseline scan no later one can be judged."))
    last = _last_before(date.max, adequate)
    on = _last_seen(last, origin, steps)
    rule = Situation.NO_EVENT if last else Situation.NO_BASELINE if no_baseline else Situation.NO_ASSESSMENT
    return Answer(Outcome.CENSORED, on, rule, tuple(steps))


def _last_seen(last: Assessment | None, origin: Happening, steps: list[Step]) -> date:
    if last is None:
        steps.append(
            Step(f"No adequate assessment counts: censored on the day of {origin.words}.", origin.sources)
        )
        return origin.day
    steps.append(Step(f"Last adequate assessment that counts: {last.dated}.", last.sources))
    return last.day


def _contradiction(found: Occurrence, words: str) -> Answer:
    return Answer(Outcome.CENSORED, found.on, found.situation, (), words, found.sources)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
