"""Response of the non-target lesions: looked at, not measured (Eisenhauer 2009, section 4.3.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from trials.clinical.recist.response import Response


class NonTargetState(StrEnum):
    """One non-target lesion at one assessment; ABSENT: gone, for a node a short axis below 10 mm."""

    ABSENT = "ABSENT"
    PRESENT = "PRESENT"
    PROGRESSION = "UNEQUIVOCAL PROGRESSION"
    NOT_EVALUATED = "NOT EVALUATED"


class Markers(StrEnum):
    """Tumor markers that lay above normal at baseline; they must be normal again for a complete response.

    NOT_FOLLOWED: the study does not follow them, or none was raised at baseline.
    """

    NOT_FOLLOWED = "NOT_FOLLOWED"
    NORMAL = "NORMAL"
    ELEVATED = "ELEVATED"
    NOT_MEASURED = "NOT_MEASURED"


@dataclass(frozen=True)
class NonTargetResponse:
    """CR, NON-CR/NON-PD, PD, NE, or NA without non-target lesions, and why, in words."""

    response: Response
    words: str
    missing: tuple[str, ...] = ()


def non_target_response(
    labels: Iterable[str],
    states: Mapping[str, NonTargetState | None],
    markers: Markers = Markers.NOT_FOLLOWED,
) -> NonTargetResponse:
    """The response of the non-target lesions of these labels, by the states at one assessment.

    PD: one has unequivocally progressed, whatever else is missing. NE: one has no state. CR: all are gone
    and the markers are normal. Otherwise NON-CR/NON-PD.

    >>> non_target_response(["NT1", "NT2"], {"NT1": NonTargetState.ABSENT}).words
    'NE: NT2 has no state'
    """
    wanted = sorted(set(labels))
    progressed = [each for each in wanted if states.get(each) is NonTargetState.PROGRESSION]
    if progressed:
        return NonTargetResponse(Response.PD, f"PD: unequivocal progression of {_listed(progressed)}")
    missing = tuple(_why_missing(each, states.get(each)) for each in wanted if _is_missing(states.get(each)))
    if missing:
        return NonTargetResponse(Response.NE, f"NE: {'; '.join(missing)}", missing)
    present = [each for each in wanted if states[each] is NonTargetState.PRESENT]
    if present:
        words = f"NON-CR/NON-PD: {_listed(present)} persisting"
        return NonTargetResponse(Response.NON_CR_NON_PD, words)
    return _all_gone(wanted, markers)


def _all_gone(labels: list[str], markers: Markers) -> NonTargetResponse:
    gone = f"{_listed(labels)} gone" if labels else "no non-target lesions"
    match markers:
        case Markers.ELEVATED:
            words = f"NON-CR/NON-PD: {gone}, but tumor markers are still above normal"
            return NonTargetResponse(Response.NON_CR_NON_PD, words)
        case Markers.NOT_MEASURED:
            name = "tumor markers, raised at baseline, are not measured"
            return NonTargetResponse(Response.NE, f"NE: {gone}; {name}", (name,))
    if not labels:
        return NonTargetResponse(Response.NA, gone)
    normal = ", tumor markers normal" if markers is Markers.NORMAL else ""
    return NonTargetResponse(Response.CR, f"CR: {gone}{normal}")


def _is_missing(state: NonTargetState | None) -> bool:
    return state is None or state is NonTargetState.NOT_EVALUATED


def _why_missing(label: str, state: NonTargetState | None) -> str:
    return f"{label} has no state" if state is None else f"{label} was not evaluated"


def _listed(labels: list[str]) -> str:
    return ", ".join(labels)
