"""Duration of response: from the first response on, ended and censored as progression-free survival."""

from functools import partial

from trials.clinical.endpoints.deriving import derive
from trials.clinical.endpoints.history import Happening, History
from trials.clinical.endpoints.progression_free_survival import opening, survival
from trials.clinical.endpoints.result import Endpoint, Outcome, Step, TimeToEvent
from trials.clinical.endpoints.rules import Rules


def duration_of_response(history: History, rules: Rules, response: Happening | None) -> TimeToEvent:
    """How long a response lasted; NOT_APPLICABLE without one, or where follow-up ends before it.

    `response` is the first complete or partial response, or the first that is later confirmed, as the
    caller reads it. Raises ValueError where its day is not wholly known.

    >>> duration_of_response(History(), Rules(), None).words
    'There was no response: it has no duration.'
    """
    if response is None:
        steps = (Step("There was no response: it has no duration."),)
        return TimeToEvent(Endpoint.DOR, Outcome.NOT_APPLICABLE, steps)
    ends = partial(survival, rules=rules)
    return derive(Endpoint.DOR, history, rules, ends, opening(history, rules), begin=response)
