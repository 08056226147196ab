"""Overall response of one assessment: target, non-target and new lesions (Eisenhauer 2009, tables 1, 2)."""

from dataclasses import dataclass
from enum import StrEnum

from trials.clinical.recist.response import Response

CR, PR, SD, PD = Response.CR, Response.PR, Response.SD, Response.PD
NON, NE, NA, NED = Response.NON_CR_NON_PD, Response.NE, Response.NA, Response.NED


class NewLesion(StrEnum):
    """Whether there are new lesions; EQUIVOCAL ones are followed and do not count until they are certain."""

    NO = "N"
    YES = "Y"
    EQUIVOCAL = "EQUIVOCAL"


# Without a new lesion, and without progression of either part, which is progression of the whole.
TABLE = {
    #     non-target  CR   NON  NE   NA
    CR: dict(zip((CR, NON, NE, NA), (CR, PR, PR, CR), strict=True)),
    PR: dict(zip((CR, NON, NE, NA), (PR, PR, PR, PR), strict=True)),
    SD: dict(zip((CR, NON, NE, NA), (SD, SD, SD, SD), strict=True)),
    NE: dict(zip((CR, NON, NE, NA), (NE, NE, NE, NE), strict=True)),
    NA: dict(zip((CR, NON, NE, NA), (CR, NON, NE, NED), strict=True)),
}
TARGET_RESPONSES = (CR, PR, SD, PD, NE, NA)
NON_TARGET_RESPONSES = (CR, NON, PD, NE, NA)


@dataclass(frozen=True)
class OverallResponse:
    """CR, PR, SD, NON-CR/NON-PD, PD, NE or NED, and why, in words."""

    response: Response
    words: str
    missing: tuple[str, ...] = ()


def overall_response(
    *, target: Response, non_target: Response, new_lesion: NewLesion | None
) -> OverallResponse:
    """The overall response. `new_lesion` None: not answered, which leaves every answer but PD open (NE).

    Raises ValueError for a response that the target or the non-target lesions cannot have.

    >>> overall_response(target=Response.CR, non_target=Response.NE, new_lesion=NewLesion.NO).response.value
    'PR'
    """
    if target not in TARGET_RESPONSES:
        raise ValueError(f"target must be one of {', '.join(TARGET_RESPONSES)}")
    if non_target not in NON_TARGET_RESPONSES:
        raise ValueError(f"non_target must be one of {', '.join(NON_TARGET_RESPONSES)}")
    if reasons := _progression(target, non_target, new_lesion):
        return OverallResponse(PD, f"PD: {', '.join(reasons)}")
    if new_lesion is None:
        name = "answer whether there are new lesions"
        return OverallResponse(NE, f"NE: no {name}", (name,))
    response = TABLE[target][non_target]
    doubt = "; an equivocal new lesion is followed" if new_lesion is NewLesion.EQUIVOCAL else ""
    return OverallResponse(response, f"{response}: {_why(target, non_target)}{doubt}")


def _progression(target: Response, non_target: Response, new_lesion: NewLesion | None) -> list[str]:
    held = {
        "new lesion": new_lesion is NewLesion.YES,
        "progression of the target lesions": target is PD,
        "unequivocal progression of non-target lesions": non_target is PD,
    }
    return [reason for reason, holds in held.items() if holds]


def _why(target: Response, non_target: Response) -> str:
    if target is NA and non_target is NA:
        return "no target and no non-target lesions, no new lesion"
    parts = {"target lesions": target, "non-target lesions": non_target}
    known = [f"{name} {response}" for name, response in parts.items() if response is not NA]
    return ", ".join([*known, "no certain new lesion"])
