"""The endpoints of a subject, each with the way to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ecrf.reports.choices import Choices, Confirmation
from ecrf.reports.history import history_of
from ecrf.reports.protocol import Protocol
from patients.derivations.doses_taken import was_dosed
from patients.derivations.tumor_response import TumorCourse, TumorPoint, tumor_course
from patients.facts import Facts, Source, source
from patients.models import DeviationStatus, ProtocolDeviation, Subject, TumorAssessment, Withdrawal, YesNo
from trials.clinical.endpoints.duration_of_response import duration_of_response
from trials.clinical.endpoints.history import Happening, History
from trials.clinical.endpoints.overall_survival import overall_survival
from trials.clinical.endpoints.possible import exactly
from trials.clinical.endpoints.progression_free_survival import progression_free_survival
from trials.clinical.endpoints.result import Endpoint, Outcome, Step, TimeToEvent
from trials.clinical.recist.best_response import BestResponse, ResponseMet
from trials.clinical.recist.response import Response
from trials.clinical.undetermined import Undetermined
from trials.models import Arm


class AnalysisSet(StrEnum):
    """Who is analyzed. Each set lies within the one above it."""

    ITT = "ITT"
    TREATED = "TREATED"
    EVALUABLE = "EVALUABLE"
    PER_PROTOCOL = "PER_PROTOCOL"


SETS_IN_WORDS = {
    AnalysisSet.ITT: "all randomized (intention to treat)",
    AnalysisSet.TREATED: "treated with at least one dose (safety)",
    AnalysisSet.EVALUABLE: "treated, with a baseline scan and a later one that could be judged",
    AnalysisSet.PER_PROTOCOL: "evaluable, without a confirmed important protocol deviation",
}


@dataclass(frozen=True)
class SubjectEndpoints:
    """A subject as the reports take it: arm, tumor course, history, and the sets it belongs to.

    `data_withheld`: the subject withdrew the use of its data, so that no set holds it.
    """

    subject: Subject
    arm: Arm | None
    course: TumorCourse
    history: History
    sets: frozenset[AnalysisSet]
    data_withheld: bool

    def best(self, confirmation: Confirmation) -> BestResponse | Undetermined:
        """The best overall response, with or without confirmation."""
        confirmed = confirmation is Confirmation.CONFIRMED
        return self.course.best_confirmed if confirmed else self.course.best_unconfirmed

    def best_response(self, confirmation: Confirmation) -> Response | None:
        """The best overall response as a word; None where it cannot be determined."""
        best = self.best(confirmation)
        return best.response if isinstance(best, BestResponse) else None

    def time(
        self, endpoint: Endpoint, choices: Choices, confirmation: Confirmation | None = None
    ) -> TimeToEvent:
        """The time of an endpoint; the duration of response with or without confirmation."""
        if endpoint is Endpoint.DOR:
            return self._duration(choices, confirmation or choices.confirmations[0])
        return TIMES[endpoint](self.history, choices.rules)

    def _duration(self, choices: Choices, confirmation: Confirmation) -> TimeToEvent:
        confirmed = confirmation is Confirmation.CONFIRMED
        met = self.course.first_confirmed_response if confirmed else self.course.first_response
        if isinstance(met, Undetermined):
            steps = (Step(f"The first response {met.sentence()}."),)
            return TimeToEvent(Endpoint.DOR, Outcome.UNDETERMINED, steps, missing=met.missing)
        return duration_of_response(self.history, choices.rules, self._response(met, confirmed))

    def _response(self, met: ResponseMet | None, confirmed: bool) -> Happening | None:
        if met is None:
            return None
        points = [point for point in self.course.points if point.found.on == met.on]
        words = f"the first {'confirmed ' if confirmed else ''}response ({met.words})"
        return Happening(exactly(met.on), words, tuple(each for point in points for each in point.sources))


TIMES: Mapping[Endpoint, Callable[..., TimeToEvent]] = {
    Endpoint.PFS: progression_free_survival,
    Endpoint.OS: overall_survival,
}


def endpoints_of(facts: Facts, subject: Subject, protocol: Protocol) -> SubjectEndpoints:
    """The endpoints of a subject. Reads nothing but the facts."""
    course = tumor_course(facts, subject)
    history = history_of(facts, subject, protocol, course)
    allocation = facts.allocation(subject)
    arms = {arm.pk: arm for arm in protocol.arms}
    withheld = any(form.keep_data == YesNo.NO for form in facts.forms(Withdrawal, subject))
    return SubjectEndpoints(
        subject=subject,
        arm=arms[allocation.arm_id] if allocation else None,
        course=course,
        history=history,
        sets=frozenset() if withheld else _sets(facts, subject, history),
        data_withheld=withheld,
    )


def _sets(facts: Facts, subject: Subject, history: History) -> frozenset[AnalysisSet]:
    """The sets of a subject; who is not in one is in none below it."""
    judged = history.baseline is not None and any(each.is_adequate for each in history.assessments)
    belongs = {
        AnalysisSet.ITT: history.randomized is not None,
        AnalysisSet.TREATED: was_dosed(facts, subject),
        AnalysisSet.EVALUABLE: judged,
        AnalysisSet.PER_PROTOCOL: not _deviated(facts, subject),
    }
    found = set()
    for each, holds in belongs.items():
        if not holds:
            break
        found.add(each)
    return frozenset(found)


def _deviated(facts: Facts, subject: Subject) -> bool:
    return any(
        form.important == YesNo.YES and form.status == DeviationStatus.CONFIRMED
        for form in facts.forms(ProtocolDeviation, subject)
    )


def response_steps(found: SubjectEndpoints, confirmation: Confirmation) -> tuple[Step, ...]:
    """The best overall response, step by step: baseline, each time point, what was left out, the result."""
    steps = []
    baseline = found.course.baseline
    if baseline is None:
        steps.append(Step("No baseline scan is recorded."))
    else:
        steps.append(Step(f"Baseline on {baseline.last_on}.", baseline.sources))
    for point in found.course.points:
        uncounted = f" It does not count: {point.does_not_count}." if point.does_not_count else ""
        words = f"{point.found.label} on {point.found.on}: {point.words}.{uncounted}"
        steps.append(Step(words + _otherwise(point), (*point.sources, *_judgment(point.form))))
    steps += [Step(f"Remark: {remark}.") for remark in found.course.remarks]
    best = found.best(confirmation)
    words = best.words if isinstance(best, BestResponse) else best.sentence()
    reads = "with confirmation" if confirmation is Confirmation.CONFIRMED else "without confirmation"
    steps.append(Step(f"Best overall response {reads}: {words}."))
    return tuple(steps)


def _judgment(form: TumorAssessment | None) -> tuple[Source, ...]:
    """What the investigator answered, where there is an answer."""
    if form is None or form.overall_response is None:
        return ()
    return (source(form, "overall_response"),)


def _otherwise(point: TumorPoint) -> str:
    if not point.differs:
        return ""
    return f" The investigator judges otherwise ({'; '.join(point.differences)})."
