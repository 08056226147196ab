"""The words of a response, from best to worst."""

from enum import StrEnum


class Response(StrEnum):
    """CDISC codelist C66785 (ONCRSR) as far as RECIST 1.1 uses it; NA where there is no such lesion.

    >>> Response("NON-CR/NON-PD") is Response.NON_CR_NON_PD, Response.CR.spelled_out
    (True, 'complete response')
    """

    CR = "CR"
    PR = "PR"
    SD = "SD"
    NON_CR_NON_PD = "NON-CR/NON-PD"
    NED = "NED"
    PD = "PD"
    NE = "NE"
    ND = "ND"
    MISSING = "MISSING"
    NA = "NA"

    @property
    def spelled_out(self) -> str:
        """The response in words, without an article."""
        return SPELLED_OUT[self]


SPELLED_OUT = {
    Response.CR: "complete response",
    Response.PR: "partial response",
    Response.SD: "stable disease",
    Response.NON_CR_NON_PD: "neither complete response nor progression",
    Response.NED: "no evidence of disease",
    Response.PD: "progressive disease",
    Response.NE: "not evaluable",
    Response.ND: "not done",
    Response.MISSING: "no assessment",
    Response.NA: "not applicable",
}

# Best first. Progression is better than "not evaluable" for a best overall response: something is known.
BEST_FIRST = (
    Response.CR,
    Response.PR,
    Response.SD,
    Response.NON_CR_NON_PD,
    Response.NED,
    Response.PD,
    Response.NE,
    Response.ND,
    Response.MISSING,
)

OBJECTIVE = frozenset({Response.CR, Response.PR})
"""What counts as a response in a response rate."""

LASTING = frozenset({Response.SD, Response.NON_CR_NON_PD, Response.NED})
"""What must have lasted for a minimum duration to be a best overall response."""
