"""From the truth of a condition to what it means for the subject."""

from enum import StrEnum

from trials.clinical.partial_date import Truth


class Kind(StrEnum):
    """An inclusion criterion asks for its condition, an exclusion criterion for its absence."""

    INCLUSION = "INCLUSION"
    EXCLUSION = "EXCLUSION"


class Verdict(StrEnum):
    """What captured data say of a criterion. MET always means: nothing here stands against the subject.

    An exclusion criterion is MET where its condition does not hold.
    """

    MET = "MET"
    NOT_MET = "NOT_MET"
    UNDETERMINED = "UNDETERMINED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


WANTED = {Kind.INCLUSION: "Y", Kind.EXCLUSION: "N"}
"""The answer of an eligible subject."""

_VERDICTS = {
    #                            the condition holds  does not           is open
    Kind.INCLUSION: {Truth.YES: Verdict.MET, Truth.NO: Verdict.NOT_MET, Truth.UNKNOWN: Verdict.UNDETERMINED},
    Kind.EXCLUSION: {Truth.YES: Verdict.NOT_MET, Truth.NO: Verdict.MET, Truth.UNKNOWN: Verdict.UNDETERMINED},
}
_ANSWERS = {Truth.YES: "Y", Truth.NO: "N", Truth.UNKNOWN: None}


def verdict_of(kind: Kind, truth: Truth) -> Verdict:
    """What the truth of the condition means for the subject.

    >>> verdict_of(Kind.EXCLUSION, Truth.YES)
    <Verdict.NOT_MET: 'NOT_MET'>
    """
    return _VERDICTS[kind][truth]


def answer_of(verdict: Verdict | None, truth: Truth) -> str | None:
    """The answer to the criterion's question that the data give: Y, N or NA; None where they give none.

    >>> answer_of(Verdict.MET, Truth.NO), answer_of(Verdict.NOT_APPLICABLE, Truth.UNKNOWN)
    ('N', 'NA')
    """
    return "NA" if verdict is Verdict.NOT_APPLICABLE else _ANSWERS[truth]
