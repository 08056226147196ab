"""Overall survival: from the origin to death, or to the last day on which the subject was known alive."""

from dataclasses import replace

from trials.clinical.endpoints.deriving import Answer, against_death, derive, last_alive
from trials.clinical.endpoints.history import Happening, History
from trials.clinical.endpoints.result import Endpoint, Outcome, Step, TimeToEvent
from trials.clinical.endpoints.rules import Rules, Situation


def overall_survival(history: History, rules: Rules) -> TimeToEvent:
    """Overall survival of one subject: censored on the last day known alive, by any rules of censoring.

    >>> from trials.clinical.partial_date import parse
    >>> known = History(randomized=Happening(parse("2021-03-01"), "randomization"),
    ...                 death=Happening(parse("2021-05-01"), "the death"))
    >>> found = overall_survival(known, Rules())
    >>> found.outcome.value, found.time.days
    ('EVENT', 62)
    """
    opening = [Step(f"Data cut-off: {history.cutoff}.")] if history.cutoff else []
    # No day of these can change it: they are not tried.
    history = replace(history, new_therapies=(), resections=(), discontinuation=None, undated=())
    return derive(Endpoint.OS, history, rules, _survival, opening)


def _survival(history: History, origin: Happening) -> Answer:
    return _alive(history, origin) if history.death is None else _died(history, history.death, origin)


def _died(history: History, death: Happening, origin: Happening) -> Answer:
    steps = (Step(f"First event: {death.dated}.", death.sources),)
    contradiction, sources = against_death(history)
    if death.day < origin.day:
        contradiction = f"{death.dated} lies before {origin.dated}"
        sources = (*death.sources, *origin.sources)
    return Answer(Outcome.EVENT, death.day, Situation.DEATH, steps, contradiction, sources)


def _alive(history: History, origin: Happening) -> Answer:
    steps = [Step("No death is recorded.")]
    if history.lost is not None:
        steps.append(Step(f"Contact ended: {history.lost.dated}.", history.lost.sources))
    last = last_alive(history)
    if last is None or last.day < origin.day:
        words = "Nothing shows the subject alive later: censored on the day from which time counts."
        return Answer(Outcome.CENSORED, origin.day, Situation.NO_EVENT, (*steps, Step(words)))
    steps.append(Step(f"Last known alive on {last.day}: {last.words}.", last.sources))
    return Answer(Outcome.CENSORED, last.day, Situation.NO_EVENT, tuple(steps))
