"""From the truth of a condition to what it means for the criterion, for the subject, and in words."""

from enum import StrEnum

from trials.clinical.partial_date import Truth


class Kind(StrEnum):
    """An inclusion criterion asks for its condition, an exclusion criterion for its absence."""

    INCLUSION = "INCLUSION"
    EXCLUSION = "EXCLUSION"


class Verdict(StrEnum):
    """What captured data say of a criterion as it is worded (as in CDISC IE).

    MET: what the criterion describes is there. That is wanted of an inclusion criterion; an exclusion
    criterion that is MET excludes the subject. `in_order` says which is which.
    """

    MET = "MET"
    NOT_MET = "NOT_MET"
    UNDETERMINED = "UNDETERMINED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


WANTED = {Kind.INCLUSION: "Y", Kind.EXCLUSION: "N"}
"""The answer of an eligible subject."""

_VERDICTS = {Truth.YES: Verdict.MET, Truth.NO: Verdict.NOT_MET, Truth.UNKNOWN: Verdict.UNDETERMINED}
_ANSWERS = {Truth.YES: "Y", Truth.NO: "N", Truth.UNKNOWN: None}
_WANTED = {Kind.INCLUSION: Verdict.MET, Kind.EXCLUSION: Verdict.NOT_MET}

# People never read "met" of an exclusion: half of them take it for "in order".
_WORDS = {
    (Kind.INCLUSION, Verdict.MET): "met",
    (Kind.INCLUSION, Verdict.NOT_MET): "not met",
    (Kind.EXCLUSION, Verdict.MET): "exclusion present",
    (Kind.EXCLUSION, Verdict.NOT_MET): "exclusion absent",
}
_WORDS_OF_BOTH = {
    Verdict.UNDETERMINED: "cannot be determined",
    Verdict.NOT_APPLICABLE: "not applicable",
}


def verdict_of(truth: Truth) -> Verdict:
    """What the truth of its condition says of a criterion.

    >>> verdict_of(Truth.YES)
    <Verdict.MET: 'MET'>
    """
    return _VERDICTS[truth]


def in_order(kind: Kind, verdict: Verdict) -> bool | None:
    """Whether nothing here stands against the subject; None where that cannot be determined.

    >>> in_order(Kind.INCLUSION, Verdict.MET), in_order(Kind.EXCLUSION, Verdict.MET)
    (True, False)
    """
    if verdict is Verdict.UNDETERMINED:
        return None
    return verdict in (Verdict.NOT_APPLICABLE, _WANTED[kind])


def in_words(kind: Kind, verdict: Verdict) -> str:
    """The verdict as people read it.

    >>> in_words(Kind.INCLUSION, Verdict.NOT_MET), in_words(Kind.EXCLUSION, Verdict.NOT_MET)
    ('not met', 'exclusion absent')
    """
    return _WORDS.get((kind, verdict)) or _WORDS_OF_BOTH[verdict]


def against(kind: Kind) -> str:
    """How a criterion that excludes is named in a reason.

    >>> against(Kind.INCLUSION), against(Kind.EXCLUSION)
    ('not met', 'exclusion present')
    """
    wanted = _WANTED[kind]
    return in_words(kind, next(each for each in (Verdict.MET, Verdict.NOT_MET) if each is not wanted))


def answer_of(verdict: Verdict | None, truth: Truth) -> str | None:
    """The answer to the criterion's question that the data give: Y, N or NA; None where they give none.

    >>> answer_of(Verdict.NOT_MET, Truth.NO), answer_of(Verdict.NOT_APPLICABLE, Truth.UNKNOWN)
    ('N', 'NA')
    """
    return "NA" if verdict is Verdict.NOT_APPLICABLE else _ANSWERS[truth]
