"""The rules of a subject's study: its atomic criteria, and the washouts that its settings ask for."""

from collections.abc import Iterator

from patients.derivations.eligibility.judged import Rule
from patients.facts import Facts
from patients.models import Subject
from patients.reading import read
from trials.clinical.eligibility.options import Anchor, Therapy
from trials.clinical.eligibility.verdict import Kind
from trials.models import AtomicCriterion, Criterion

# The record states no washout: a study that sets one has a criterion more, which only the data answer.
WASHOUTS = (
    # code           setting                            therapy               question
    ("WASHOUT-RT", "prior_radiotherapy_washout_days", Therapy.RADIOTHERAPY, "Was radiotherapy too recent?"),
    ("WASHOUT-SURG", "prior_surgery_washout_days", Therapy.SURGERY, "Was major surgery too recent?"),
)


def rules_of(facts: Facts, subject: Subject) -> list[Rule]:
    """Every rule in the order of the protocol, as the protocol stood at the moment of the facts."""
    as_of = facts.moment.as_of
    if as_of is None:
        now = AtomicCriterion.objects.filter(study_id=subject.study_id).select_related("criterion")
        rules = [_rule(each, each.criterion) for each in now.order_by("order")]
    else:
        criteria = {each.pk: each for each in read(Criterion, as_of, study_id=subject.study_id)}
        then = sorted(read(AtomicCriterion, as_of, study_id=subject.study_id), key=lambda each: each.order)
        rules = [_rule(each, criteria[each.criterion_id]) for each in then]
    return [*rules, *_washouts(facts, subject)]


def _rule(atomic: AtomicCriterion, criterion: Criterion) -> Rule:
    return Rule(
        code=atomic.code,
        kind=Kind(criterion.kind),
        question=atomic.question,
        variable=atomic.variable,
        operator=atomic.operator,
        threshold=atomic.threshold,
        unit=atomic.unit,
        options=atomic.options,
        evaluation=atomic.evaluation,
        may_be_not_applicable=atomic.may_be_not_applicable,
        criterion=str(criterion),
        note=atomic.note,
        key=atomic.pk,
    )


def _washouts(facts: Facts, subject: Subject) -> Iterator[Rule]:
    for code, key, therapy, question in WASHOUTS:
        days = facts.setting(subject, key)
        if isinstance(days, int) and days > 0:
            yield Rule(
                code=code,
                kind=Kind.EXCLUSION,
                question=question,
                variable="PRIOR_THERAPY",
                operator="any within",
                threshold=str(days - 1),  # after the full time it is allowed again
                unit="d",
                options={
                    "therapies": [therapy.value],
                    "anchor": Anchor.RANDOMIZATION.value,
                    "read_with": [key],
                },
                criterion="Washout",
                asked=False,
            )
