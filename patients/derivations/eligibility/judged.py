"""One criterion, judged from captured data under the settings of the study."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from patients.derivations.eligibility.case import Case
from patients.derivations.eligibility.evidence import Evidence, Found, Group
from patients.derivations.eligibility.person import applies
from patients.derivations.eligibility.readers import READERS
from patients.facts import Facts
from patients.models import Subject
from trials.clinical.eligibility.operands import Operand
from trials.clinical.eligibility.operators import OPERATORS, Judgment, Operator
from trials.clinical.eligibility.options import chosen
from trials.clinical.eligibility.verdict import Kind, Verdict, in_order, verdict_of
from trials.clinical.eligibility.vocabulary import VARIABLES
from trials.clinical.partial_date import Truth
from trials.clinical.reading import all_of, any_of, opposite
from trials.clinical.undetermined import Undetermined
from trials.models import Evaluation

LAST, ANY, WORST = "LAST", "ANY", "WORST"


@dataclass(frozen=True)
class Rule:
    """An atomic criterion as it is asked. `asked`: the investigator answers it, too."""

    code: str
    kind: Kind
    question: str
    variable: str
    operator: str
    threshold: str = ""
    unit: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    evaluation: str = Evaluation.AUTOMATIC
    may_be_not_applicable: bool = False
    criterion: str = ""
    note: str = ""
    key: int | None = None
    asked: bool = True


@dataclass(frozen=True)
class Data:
    """What captured data say of a rule.

    `truth` is that of its condition, `verdict` what it says of the criterion; None where the data are not
    asked. `applies` is whether the rule is asked of this subject; `options` as the settings decide them.
    """

    truth: Truth
    verdict: Verdict | None
    words: str
    evidence: tuple[Evidence, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_in_words: Mapping[str, str] = field(default_factory=dict)
    applies: Truth = Truth.YES
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Comparison:
    """An operator with its threshold."""

    operator: Operator
    threshold: Any

    def of(self, found: Found) -> Judgment:
        """Each group must comply; of a group, one is enough."""
        judged = [self._of_group(group) for group in found.groups]
        return Judgment(all_of(*(each.truth for each in judged)), "; ".join(each.words for each in judged))

    def _of_group(self, group: Group) -> Judgment:
        judged = [self._of_one(each) for each in group]
        return Judgment(any_of(*(each.truth for each in judged)), "; ".join(each.words for each in judged))

    def _of_one(self, found: Operand | Undetermined) -> Judgment:
        judged = found if isinstance(found, Undetermined) else self.operator.judge(found, self.threshold)
        return Judgment(Truth.UNKNOWN, judged.sentence()) if isinstance(judged, Undetermined) else judged


def judge(facts: Facts, subject: Subject, rule: Rule, decided_on: date) -> Data:
    """What the data recorded up to a day say of a rule; of one that is only asked, whether it applies."""
    data = _judge(facts, subject, rule, decided_on)
    said = {key: facts.setting_in_words(subject, key) for key in data.settings}
    return replace(data, settings_in_words=said)


def _judge(facts: Facts, subject: Subject, rule: Rule, decided_on: date) -> Data:
    used: dict[str, Any] = {}

    def setting(key: str) -> Any:
        return facts.setting(subject, key)

    options = {name: chosen(value, setting, used) for name, value in rule.options.items()}
    for each in options.values():
        if isinstance(each, Undetermined):
            return Data(Truth.UNKNOWN, Verdict.UNDETERMINED, each.sentence(), settings=used)
    for key in options.get("read_with") or ():
        used[key] = setting(key)
    case = Case(
        facts,
        subject,
        until=decided_on,
        decided_on=decided_on,
        options=options,
        unit=options.get("unit") or rule.unit,
        operator=options.get("operator") or rule.operator,
        threshold=str(options.get("threshold") or rule.threshold),
        used=used,
    )
    applicable, why, rests_on = applies(case, options.get("applies_to"))
    if applicable is Truth.NO:
        verdict = None if rule.evaluation == Evaluation.HUMAN else Verdict.NOT_APPLICABLE
        return Data(Truth.UNKNOWN, verdict, why, rests_on, used, applies=applicable, options=options)
    if rule.evaluation == Evaluation.HUMAN:
        return Data(Truth.UNKNOWN, None, why, rests_on, used, applies=applicable, options=options)
    judgment, evidence = _judged(case, rule)
    if judgment.truth is Truth.YES and options.get("judgment_too"):
        words = f"cannot be determined from data alone, the investigator judges: {judgment.words}"
        judgment = Judgment(Truth.UNKNOWN, words)
    verdict = verdict_of(judgment.truth)
    words = judgment.words
    if applicable is Truth.UNKNOWN and not in_order(rule.kind, verdict):
        verdict, words = Verdict.UNDETERMINED, f"{why}; {words}"
    shown = (*evidence, *rests_on)
    return Data(judgment.truth, verdict, words, shown, used, applies=applicable, options=options)


def _judged(case: Case, rule: Rule) -> tuple[Judgment, tuple[Evidence, ...]]:
    comparison = _comparison(case, rule)
    if isinstance(comparison, Undetermined):
        return Judgment(Truth.UNKNOWN, comparison.sentence()), ()
    counts = case.setting("eligibility_value") if VARIABLES[rule.variable].measured else LAST
    read = READERS[rule.variable]
    if counts not in (ANY, WORST):
        found = read(case)
        return comparison.of(found), found.evidence
    values = list(_every_value(case, read))
    judged = [comparison.of(each) for each in values]
    complying = [each.truth if rule.kind is Kind.INCLUSION else opposite(each.truth) for each in judged]
    complies = (any_of if counts == ANY else all_of)(*complying)
    deciding = next(each for each, found in zip(judged, complying, strict=True) if found is complies)
    evidence = tuple(dict.fromkeys(each for found in values for each in found.evidence))
    which = "any value counts" if counts == ANY else "every value counts"
    return Judgment(deciding.truth, f"{deciding.words} ({which}; {len(values)} found)"), evidence


def _comparison(case: Case, rule: Rule) -> _Comparison | Undetermined:
    if rule.variable not in VARIABLES:
        return Undetermined((f"variable “{rule.variable}” in the vocabulary of criteria",))
    operator = OPERATORS.get(case.operator)
    if operator is None:
        return Undetermined((f"operator “{case.operator}” in the vocabulary of criteria",))
    try:
        return _Comparison(operator, operator.read(case.threshold, case.unit))
    except ValueError as error:
        return Undetermined((f"usable threshold: it {error}",))


def _every_value(case: Case, read: Any) -> Sequence[Found]:
    """The last value, the one before it, and so on.

    A day on which something that the last value rests on was not measured yet (creatinine, but no weight)
    has no value.
    """
    last, *earlier = _backwards(case, read)
    rests_on = {each.name for each in last.evidence}
    return [last, *(each for each in earlier if {shown.name for shown in each.evidence} >= rests_on)]


def _backwards(case: Case, read: Any) -> Iterator[Found]:
    day = case.until
    while True:
        found = read(case.back_to(day))
        yield found
        days = [each.day for each in found.evidence if each.day is not None]
        if not days or max(days) > day:
            return  # nothing earlier is recorded
        day = max(days) - timedelta(days=1)
