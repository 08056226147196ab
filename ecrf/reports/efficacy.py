"""The report of efficacy: response rates, times to event, and what else was published, by arm."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ecrf.reports.choices import Choices, Confirmation, choices
from ecrf.reports.endpoints import AnalysisSet, SubjectEndpoints, endpoints_of
from ecrf.reports.protocol import Protocol
from ecrf.reports.published import Published, published_for
from ecrf.reports.rates import RateAnalysis, rate_analysis
from ecrf.reports.safety import ArmSafety, safety_by_arm
from ecrf.reports.times import TimeAnalysis, time_analysis
from patients.facts import Facts, Moment
from patients.models import Subject
from patients.reading import read
from trials.clinical.endpoints.response_rate import (
    Denominator,
    disease_control_rate,
    objective_response_rate,
)
from trials.clinical.endpoints.result import Endpoint, Outcome
from trials.clinical.endpoints.rules import Censoring, Handling
from trials.clinical.recist.response import BEST_FIRST, Response
from trials.models import Study, StudySetting

DENOMINATORS = {
    Denominator.ITT: AnalysisSet.ITT,
    Denominator.EVALUABLE: AnalysisSet.EVALUABLE,
}

ByArm = Mapping[str, Sequence[SubjectEndpoints]]


@dataclass(frozen=True)
class ResponseBlock:
    """Best overall responses with or without confirmation, by arm, and the rates among each set."""

    confirmation: Confirmation
    best: Mapping[str, Mapping[Response | None, int]]
    objective: Mapping[AnalysisSet, RateAnalysis]
    control: Mapping[AnalysisSet, RateAnalysis]


@dataclass(frozen=True)
class Alternative:
    """Progression-free survival under other rules; `is_default` marks those of the study."""

    censoring: Censoring
    resection: Handling
    is_default: bool
    times: TimeAnalysis


@dataclass(frozen=True)
class Open:
    """A subject for whom an endpoint cannot be determined, and what is missing."""

    subject: str
    endpoint: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Efficacy:
    """The whole report. `sets` are numbers of subjects by set and arm.

    `published_note` says why what is published is not shown; empty where it is, and where nothing is.
    """

    study: str
    population: str
    moment: Moment
    choices: Choices
    arms: Mapping[str, str]
    not_randomized: int
    withheld: int
    sets: Mapping[AnalysisSet, Mapping[str, int]]
    responses: tuple[ResponseBlock, ...]
    times: Mapping[Endpoint, TimeAnalysis]
    durations: Mapping[Confirmation, TimeAnalysis]
    alternatives: tuple[Alternative, ...]
    safety: tuple[ArmSafety, ...]
    open: tuple[Open, ...]
    published: Published | None
    published_note: str

    def rate(self, confirmation: Confirmation) -> RateAnalysis:
        """The objective response rate with or without confirmation, among the set that the setting names."""
        block = next(each for each in self.responses if each.confirmation is confirmation)
        return block.objective[DENOMINATORS[self.choices.denominator]]


def efficacy(
    study: Study,
    subjects: Sequence[Subject],
    population: str,
    moment: Moment,
    chosen: Choices,
) -> Efficacy:
    """The report about these subjects of a study, which `population` names.

    The number of queries does not grow with the subjects.
    """
    subjects = known_then(subjects, moment)
    facts = Facts(subjects, moment)
    protocol = Protocol.of(study)
    found = [endpoints_of(facts, subject, protocol) for subject in subjects]
    used = [each for each in found if not each.data_withheld]
    by_arm = {
        arm.code: [each for each in used if each.arm is not None and each.arm.pk == arm.pk]
        for arm in protocol.arms
    }
    published, published_note = published_for(study, subjects)
    return Efficacy(
        study=study.code,
        population=population,
        moment=moment,
        choices=chosen,
        arms={arm.code: arm.title for arm in protocol.arms},
        not_randomized=sum(each.arm is None for each in used),
        withheld=len(found) - len(used),
        sets={each: {arm: len(_within(held, each)) for arm, held in by_arm.items()} for each in AnalysisSet},
        responses=tuple(_response(by_arm, confirmation, chosen) for confirmation in chosen.confirmations),
        times={each: _times(by_arm, each, chosen) for each in (Endpoint.OS, Endpoint.PFS)},
        durations={each: _times(by_arm, Endpoint.DOR, chosen, each) for each in chosen.confirmations},
        alternatives=tuple(_alternatives(by_arm, chosen)),
        safety=tuple(safety_by_arm(facts, by_arm)),
        open=tuple(_open(by_arm, chosen)),
        published=published,
        published_note=published_note,
    )


def study_choices(study: Study, moment: Moment) -> Choices:
    """The study's choices as they stood at a moment. Raises UnknownChoice."""
    held = {each.key: each.value for each in read(StudySetting, moment.as_of, study_id=study.pk)}
    return choices(held.get)


def known_then(subjects: Sequence[Subject], moment: Moment) -> list[Subject]:
    """The subjects that were recorded by the instant, and in screening by the clinical day."""
    held = list(subjects)
    if moment.as_of is not None:
        then = {each.pk for each in read(Subject, moment.as_of, id__in=[each.pk for each in held])}
        held = [each for each in held if each.pk in then]
    cutoff = moment.cutoff
    return [each for each in held if cutoff is None or each.screened_on <= cutoff]


def _within(held: Sequence[SubjectEndpoints], chosen: AnalysisSet) -> list[SubjectEndpoints]:
    return [each for each in held if chosen in each.sets]


def _response(by_arm: ByArm, confirmation: Confirmation, chosen: Choices) -> ResponseBlock:
    best = {
        chosen_set: {
            arm: [each.best_response(confirmation) for each in _within(held, chosen_set)]
            for arm, held in by_arm.items()
        }
        for chosen_set in AnalysisSet
        if chosen_set is not AnalysisSet.TREATED
    }
    return ResponseBlock(
        confirmation=confirmation,
        best={arm: _counted(held) for arm, held in best[AnalysisSet.ITT].items()},
        objective={
            each: rate_analysis({arm: objective_response_rate(held) for arm, held in of_set.items()}, chosen)
            for each, of_set in best.items()
        },
        control={
            each: rate_analysis({arm: disease_control_rate(held) for arm, held in of_set.items()}, chosen)
            for each, of_set in best.items()
        },
    )


def _counted(best: Sequence[Response | None]) -> dict[Response | None, int]:
    """How often each best response is there, the best first, undetermined last."""
    counted = Counter(best)
    ordered: list[Response | None] = [*BEST_FIRST, None]
    return {each: counted[each] for each in ordered if counted[each]}


def _times(
    by_arm: ByArm, endpoint: Endpoint, chosen: Choices, confirmation: Confirmation | None = None
) -> TimeAnalysis:
    """The times of all randomized."""
    results = {
        arm: [each.time(endpoint, chosen, confirmation) for each in _within(held, AnalysisSet.ITT)]
        for arm, held in by_arm.items()
    }
    return time_analysis(endpoint, results, chosen)


def _alternatives(by_arm: ByArm, chosen: Choices) -> list[Alternative]:
    """Progression-free survival under each rules of censoring and each handling of a resection."""
    found = []
    for censoring in Censoring:
        for resection in (Handling.IGNORE, Handling.CENSOR, Handling.EVENT):
            other = chosen.under(censoring, resection)
            is_default = other.rules == chosen.rules
            found.append(Alternative(censoring, resection, is_default, _times(by_arm, Endpoint.PFS, other)))
    return found


def _open(by_arm: ByArm, chosen: Choices) -> list[Open]:
    """Every endpoint of a randomized subject that cannot be determined."""
    found = []
    for each in (subject for held in by_arm.values() for subject in _within(held, AnalysisSet.ITT)):
        code = each.subject.code
        for endpoint in (Endpoint.OS, Endpoint.PFS):
            time = each.time(endpoint, chosen)
            if time.outcome is Outcome.UNDETERMINED:
                found.append(Open(code, endpoint.spelled_out, time.missing))
        for confirmation in chosen.confirmations:
            best = each.best(confirmation)
            if each.best_response(confirmation) is None:
                missing = getattr(best, "missing", ())
                found.append(Open(code, f"best overall response ({confirmation.lower()})", missing))
    return found
