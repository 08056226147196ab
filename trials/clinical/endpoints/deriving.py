"""What the endpoints share: the origin, the cut-off, contradictions, and one answer from many histories."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from trials.clinical.endpoints.history import Happening, History, Sources
from trials.clinical.endpoints.possible import OPEN_END, Doubt, TooMany, doubts, exactly, histories
from trials.clinical.endpoints.result import Endpoint, Outcome, Step, Time, TimeToEvent, length
from trials.clinical.endpoints.rules import AliveAfterCutoff, Origin, Rules, Situation


@dataclass(frozen=True)
class Answer:
    """What one possible history gives: outcome, day and rule, with the steps that are its own.

    `contradiction` says in words why such a history cannot be, where it cannot.
    """

    outcome: Outcome
    on: date
    rule: Situation
    steps: tuple[Step, ...]
    contradiction: str = ""
    sources: Sources = ()


Derivation = Callable[[History, Happening], Answer]
ORIGINS = {
    Origin.RANDOMIZATION: ("randomized", "day of randomization"),
    Origin.FIRST_DOSE: ("first_dose", "day of the first dose"),
}


def derive(
    endpoint: Endpoint,
    history: History,
    rules: Rules,
    derivation: Derivation,
    opening: Sequence[Step],
    begin: Happening | None = None,
) -> TimeToEvent:
    """Apply a derivation to every possible history: determined where all of them agree.

    The time counts from `begin`, without it from the origin that the rules name.
    """
    name, missing = ORIGINS[rules.origin]
    origin: Happening | None = getattr(history, name)
    if origin is None or origin.on is None or not origin.on.is_complete:
        return undetermined(endpoint, opening, f"no {missing} is known", (missing,))
    if history.cutoff is not None and origin.day > history.cutoff:
        words = f"{origin.dated} lies after the data cut-off on {history.cutoff}"
        return undetermined(endpoint, opening, words, (f"{missing} up to the data cut-off",))
    first = begin or origin
    steps = [Step(f"Counted from {first.words} on {first.day}.", first.sources), *opening]
    try:
        found = doubts(history)
    except TooMany as error:
        return undetermined(endpoint, steps, str(error), ("dates that are complete",), first.day)
    known = [up_to_cutoff(each, rules.alive_after_cutoff) for each in histories(history, found)]
    answers = [derivation(each, origin) for each in known]
    consistent = [each for each in answers if not each.contradiction]
    if not consistent:
        steps.append(Step(f"Contradiction: {answers[0].contradiction}.", answers[0].sources))
        words = "the records contradict each other"
        return undetermined(endpoint, steps, words, ("records that agree",), first.day)
    if all(each.on < first.day for each in consistent):
        words = f"Follow-up ends on {consistent[0].on}, before {first.words} on {first.day}."
        steps += [*consistent[0].steps, Step(words)]
        return TimeToEvent(endpoint, Outcome.NOT_APPLICABLE, tuple(steps), first.day)
    if len({(each.outcome, each.on) for each in consistent}) > 1:
        return _open(endpoint, steps, found, consistent, first.day, rules)
    # Of the ways to the one answer the shortest: the others tell what is only possible.
    answer = min(consistent, key=lambda each: len(each.steps))
    time = _length(answer, first.day, rules)
    steps += [*map(_doubt_settled, found), *answer.steps, Step(f"{_shown(time, capital=True)}.")]
    return TimeToEvent(endpoint, answer.outcome, tuple(steps), first.day, time)


def _open(
    endpoint: Endpoint,
    steps: Sequence[Step],
    found: Sequence[Doubt],
    answers: Sequence[Answer],
    begin: date,
    rules: Rules,
) -> TimeToEvent:
    times = [_length(each, begin, rules) for each in answers]
    # Of two answers of one day, the event is the shorter time.
    earliest = min(times, key=lambda time: (time.on, not time.is_event))
    latest = max(times, key=lambda time: (time.on, not time.is_event))
    bounded = None if latest.on >= OPEN_END else latest
    until = _shown(bounded) if bounded else "no end that is known"
    whole = [
        *steps,
        *(Step(f"Not known for certain: {each.what.dated}.", each.what.sources) for each in found),
        Step(f"Everything that is possible was tried: from {_shown(earliest)}, to {until}."),
    ]
    missing = tuple(f"certain day or response: {each.what.dated}" for each in found)
    return replace(
        undetermined(endpoint, whole, "the answers differ", missing, begin), earliest=earliest, latest=bounded
    )


def _length(answer: Answer, begin: date, rules: Rules) -> Time:
    return length(answer.outcome, max(answer.on, begin), answer.rule, begin, rules)


def _doubt_settled(doubt: Doubt) -> Step:
    words = f"Not known for certain: {doubt.what.dated}; the answer is the same whatever it may be."
    return Step(words, doubt.what.sources)


def undetermined(
    endpoint: Endpoint,
    steps: Iterable[Step],
    words: str,
    missing: tuple[str, ...],
    begin: date | None = None,
) -> TimeToEvent:
    """An answer that cannot be given, with the reason as its last step."""
    whole = (*steps, Step(f"The {endpoint.spelled_out} cannot be determined: {words}."))
    return TimeToEvent(endpoint, Outcome.UNDETERMINED, whole, begin, missing=missing)


def _shown(time: Time, *, capital: bool = False) -> str:
    word = "event" if time.is_event else "censored"
    days = f"{time.days} day{'' if time.days == 1 else 's'}, {time.months:.2f} months"
    return f"{word.capitalize() if capital else word} on {time.on}: {days}"


def up_to_cutoff(history: History, later: AliveAfterCutoff) -> History:
    """A history whose days are all known, without what lies after its data cut-off.

    `later`: what becomes of what was told later and shows the subject alive on the cut-off, or before it.
    """
    cutoff = history.cutoff
    if cutoff is None:
        return history

    def kept(each: Happening | None) -> Happening | None:
        return each if each is not None and each.day <= cutoff else None

    def begun(each: Happening | None) -> Happening | None:
        # These may have a day known in part: no time rests on it, only that they are there.
        return each if each is None or each.on is None or each.on.earliest <= cutoff else None

    alive = tuple(each for each in history.alive if each.on and each.on.earliest <= cutoff)
    if later is AliveAfterCutoff.CUTOFF:
        alive += tuple(each for each in history.told_later if each.on and each.on.earliest <= cutoff)
        alive += tuple(_alive_on(cutoff, history))
    return replace(
        history,
        baseline=begun(history.baseline),
        death=kept(history.death),
        discontinuation=kept(history.discontinuation),
        lost=begun(history.lost),
        assessments=tuple(each for each in history.assessments if each.day <= cutoff),
        reported_progressions=tuple(filter(kept, history.reported_progressions)),
        undated=tuple(each for each in history.undated if each.day <= cutoff),
        new_therapies=tuple(filter(kept, history.new_therapies)),
        resections=tuple(filter(kept, history.resections)),
        alive=alive,
    )


def _alive_on(cutoff: date, history: History) -> Iterator[Happening]:
    """That the subject was alive on the cut-off, where the first thing known of later days shows it."""
    signs = [each for each in (*history.alive, *history.told_later) if each.on and each.on.earliest > cutoff]
    if history.death is not None and history.death.day > cutoff:
        signs.append(history.death)
    signs += [Happening(each.last_scan, "a tumor assessment", each.sources) for each in history.assessments]
    signs += history.reported_progressions
    later = [each for each in signs if _first_day(each) > cutoff]
    if later:
        first = min(later, key=_first_day)
        yield Happening(exactly(cutoff), f"{first.dated}, after the data cut-off", first.sources)


def _first_day(sign: Happening) -> date:
    return sign.on.earliest if sign.possible is None and sign.on is not None else sign.day


@dataclass(frozen=True)
class SignOfLife:
    """A day on which the subject was certainly alive: of a date known in part, its first day."""

    day: date
    words: str
    sources: Sources


def last_alive(history: History) -> SignOfLife | None:
    """The latest sign of life in a history whose assessments and reported progressions have a day.

    >>> from trials.clinical.partial_date import parse
    >>> contacts = (Happening(parse("2021-05"), "a contact"), Happening(parse("2021-04-30"), "a visit"))
    >>> last_alive(History(alive=contacts)).day.isoformat()
    '2021-05-01'
    """
    return _latest([*_signs(history), *_progressions(history, certain=True)])


def _latest(signs: Iterable[SignOfLife]) -> SignOfLife | None:
    return max(signs, key=lambda sign: sign.day, default=None)


def _signs(history: History) -> Iterator[SignOfLife]:
    for each in history.alive:
        if each.on is not None:
            yield SignOfLife(each.on.earliest, each.dated, each.sources)
    for scans in history.assessments:
        yield SignOfLife(scans.day, f"a tumor assessment ({scans.last_scan})", scans.sources)


def _progressions(history: History, *, certain: bool) -> Iterator[SignOfLife]:
    """Reported progressions: by the day up to which each is certain, or by the day that is tried."""
    for each in history.reported_progressions:
        if not certain or each.possible is None:
            yield SignOfLife(each.day, each.dated, each.sources)
        elif each.on is not None:
            yield SignOfLife(each.on.earliest, each.dated, each.sources)


def against_death(history: History) -> tuple[str, Sources]:
    """What contradicts the day of the death, in words and with sources; empty where nothing does."""
    death, known = history.death, history.death_known
    if death is None:
        return "", ()
    last = _latest([*_signs(history), *_progressions(history, certain=False)])
    if last is not None and last.day > death.day:
        return f"{death.dated} lies before {last.words}", (*death.sources, *last.sources)
    if known is not None and known.on is not None and known.on.latest < death.day:
        return f"{death.dated} lies after {known.dated}", (*death.sources, *known.sources)
    return "", ()
