"""The criterion table of a subject: what the investigator answers, what the data say, and what follows.

A subject may be randomized when every criterion is answered by the investigator as the protocol wants it,
and no line of BLOCKS stands against it. No waiver exists.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from patients.derivations.consent import consent_of
from patients.derivations.eligibility.evidence import Evidence
from patients.derivations.eligibility.judged import Data, Rule, judge
from patients.derivations.eligibility.rules import rules_of
from patients.facts import Facts
from patients.models import CriterionAnswer, EligibilityAssessment, EntryState, Subject
from trials.clinical.eligibility.verdict import (
    WANTED,
    Verdict,
    against,
    answer_of,
    in_order,
    in_words,
    verdict_of,
)
from trials.clinical.partial_date import Truth
from trials.clinical.reading import all_of
from trials.models import Evaluation

# Whether what the data say stands against randomization, by whether they are in order (None: they do not
# tell). Where the investigator judges, too, data that do not suffice leave the judgment; data that contradict
# the criterion are never overruled.
BLOCKS: Mapping[str, Mapping[bool | None, bool]] = {
    Evaluation.AUTOMATIC: {True: False, False: True, None: True},
    Evaluation.BOTH: {True: False, False: True, None: False},
    Evaluation.HUMAN: {True: False, False: False, None: False},
}


@dataclass(frozen=True)
class Answer:
    """What the investigator answered to a rule."""

    code: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Line:
    """One rule with the investigator's answer and what the data say; `against` is why it blocks, in words."""

    rule: Rule
    answer: Answer
    data: Data
    against: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """The answer of an eligible subject."""
        return WANTED[self.rule.kind]

    @property
    def answer_of_data(self) -> str | None:
        """The answer that the data give to the question; None where they give none."""
        return None if self.data.verdict is None else answer_of(self.data.verdict, self.data.truth)

    @property
    def in_order(self) -> bool | None:
        """Whether the data stand in nobody's way; None where they do not tell, or are not asked."""
        return None if self.data.verdict is None else in_order(self.rule.kind, self.data.verdict)

    @property
    def verdict_in_words(self) -> str:
        """What the data say of the criterion, as people read it; empty where they are not asked."""
        return "" if self.data.verdict is None else in_words(self.rule.kind, self.data.verdict)

    @property
    def contradicts(self) -> bool:
        """Whether investigator and data answer differently, yes and no."""
        answers = {self.answer.code, self.answer_of_data}
        return answers == {CriterionAnswer.YES, CriterionAnswer.NO}

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return self.data.evidence


@dataclass(frozen=True)
class Finding:
    """One reason why a subject may not be randomized: the criterion, what is wrong, in words."""

    code: str
    reason: str


@dataclass(frozen=True)
class Eligibility:
    """Every rule of a subject as of a day, and what stands against randomization."""

    decided_on: date
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]

    @property
    def eligible(self) -> bool:
        return not self.findings

    @property
    def refusals(self) -> dict[str, list[str]]:
        """The reasons by criterion."""
        told: dict[str, list[str]] = {}
        for finding in self.findings:
            told.setdefault(finding.code, []).append(finding.reason)
        return told


def eligibility(facts: Facts, subject: Subject) -> Eligibility:
    """The criterion table: as of randomization, before it as of the present day (or the cutoff)."""
    lines = facts.once(lines_of, subject)
    findings = (*findings_of_forms(facts, subject), *_findings_of_lines(lines))
    return Eligibility(_decided_on(facts, subject), lines, findings)


def lines_of(facts: Facts, subject: Subject) -> tuple[Line, ...]:
    """Every rule of the subject's study, in the order of the protocol."""
    answers = answers_of(facts, assessment_of(facts, subject))
    rules, decided_on = rules_of(facts, subject), _decided_on(facts, subject)
    judged = {rule.code: judge(facts, subject, rule, decided_on) for rule in rules}
    return tuple(_line(rule, rules, _joined(rule, judged), answers) for rule in rules)


def _decided_on(facts: Facts, subject: Subject) -> date:
    allocation, moment = facts.allocation(subject), facts.moment
    if allocation is not None:
        return allocation.randomized_on
    if moment.as_of is not None and moment.cutoff is None:
        return moment.as_of.astimezone(ZoneInfo(subject.site.time_zone)).date()
    return facts.today(subject)


def assessment_of(facts: Facts, subject: Subject) -> EligibilityAssessment | None:
    """The eligibility form that counts: the newest one."""
    forms = facts.forms(EligibilityAssessment, subject)
    return max(forms, key=lambda form: form.pk, default=None)


def answers_of(facts: Facts, form: EligibilityAssessment | None) -> dict[int, Answer]:
    """The investigator's answers by the key of the rule."""
    rows: Sequence[Any] = facts.rows(form, "answers") if form is not None else ()
    return {row.rule_id: Answer(row.answer, row.comment) for row in rows}


def findings_of_forms(facts: Facts, subject: Subject) -> Iterator[Finding]:
    """What is missing before any criterion is looked at: consent, or the eligibility form."""
    form = assessment_of(facts, subject)
    if consent_of(facts, subject) is None:
        yield Finding("CONSENT", "no signed informed consent is recorded")
    if form is None:
        yield Finding("IE", "the eligibility form is not filled")
    elif form.entry_state == EntryState.NOT_DONE:
        yield Finding("IE", "the eligibility form is marked as not done")


def _findings_of_lines(lines: Sequence[Line]) -> Iterator[Finding]:
    for line in lines:
        for reason in line.against:
            yield Finding(line.rule.code, reason)


def _joined(rule: Rule, judged: Mapping[str, Data]) -> Data:
    """What the data say of a rule that excludes only together with others: all of them must hold."""
    data = judged[rule.code]
    partners = [code for code in data.options.get("joined_with") or () if code in judged]
    if not partners or data.verdict in (None, Verdict.NOT_APPLICABLE):
        return data
    truth = all_of(data.truth, *(judged[code].truth for code in partners))
    words = f"{data.words}; excludes only together with {', '.join(partners)}"
    return replace(data, verdict=verdict_of(truth), words=words)


def _line(rule: Rule, rules: Sequence[Rule], data: Data, answers: Mapping[int, Answer]) -> Line:
    answer = answers.get(rule.key, Answer()) if rule.key is not None else Answer()
    partners = [each for each in rules if each.code in (data.options.get("joined_with") or ())]
    against = (*_against_answer(rule, answer, data, partners, answers), *_against_data(rule, data))
    return Line(rule, answer, data, against)


def _against_answer(
    rule: Rule, answer: Answer, data: Data, partners: Sequence[Rule], answers: Mapping[int, Answer]
) -> Iterator[str]:
    named = f"the {rule.kind.lower()} rule “{rule.question}”"
    if not rule.asked:
        return
    if answer.code is None:
        yield f"cannot be determined: no answer to {named}"
    elif answer.code == CriterionAnswer.NOT_APPLICABLE and rule.may_be_not_applicable:
        if "applies_to" in rule.options and data.applies is Truth.YES:
            yield f"{against(rule.kind)}: {named} is answered Not applicable, but it applies to this subject"
        elif "applies_to" in rule.options and data.applies is Truth.UNKNOWN:
            yield f"whether {named} applies {data.words}"
    elif answer.code != WANTED[rule.kind] and not _spared(answer, partners, answers):
        yield f"{against(rule.kind)}: {named} is answered {CriterionAnswer(answer.code).label}"


def _spared(answer: Answer, partners: Sequence[Rule], answers: Mapping[int, Answer]) -> bool:
    """Whether an exclusion that counts only together with others is answered as wanted for one of them."""
    if answer.code == CriterionAnswer.NOT_APPLICABLE:
        return False
    of_partners = [answers.get(each.key or 0, Answer()).code for each in partners]
    return any(code == WANTED[each.kind] for each, code in zip(partners, of_partners, strict=True))


def _against_data(rule: Rule, data: Data) -> Iterator[str]:
    if data.verdict is None:
        return
    fits = in_order(rule.kind, data.verdict)
    if BLOCKS[rule.evaluation][fits]:
        yield f"{against(rule.kind)}: {data.words}" if fits is False else data.words
