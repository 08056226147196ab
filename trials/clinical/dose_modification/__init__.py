"""What a dose-modification table asks for on a day: the expected action, with the row that says so.

The table is data of the study. It advises: it never gives a dose by default, and what could not be looked at
is named. `rules`: the rows; `situation`: what is known of the subject; `decision`: the answer.
"""

from trials.clinical.dose_modification.decision import Decision, Hit, decide
from trials.clinical.dose_modification.derived import DERIVED_VALUES
from trials.clinical.dose_modification.rules import (
    QUESTIONS,
    TIMES_ULN,
    Action,
    EventTrigger,
    Limits,
    Reduction,
    ResultTrigger,
    Rule,
)
from trials.clinical.dose_modification.situation import Event, LevelGiven, Measured, Situation

__all__ = [
    "DERIVED_VALUES",
    "QUESTIONS",
    "TIMES_ULN",
    "Action",
    "Decision",
    "Event",
    "EventTrigger",
    "Hit",
    "LevelGiven",
    "Limits",
    "Measured",
    "Reduction",
    "ResultTrigger",
    "Rule",
    "Situation",
    "decide",
]
