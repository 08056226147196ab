"""Randomize: shown the criterion table and what stands against it, asked once, done for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.randomize import randomize
from patients.admin.addresses import hub_url, page_url
from patients.derivations.eligibility import Evidence, Line, eligibility
from patients.derivations.stratum import stratum_of
from patients.facts import Facts
from patients.forms import form_models
from patients.models import CaseReportForm, CriterionAnswer, Subject
from patients.selectors import allocation_of
from trials.admin.act import act_page, posted
from trials.admin.base import StudyAdmin, user_of
from trials.clinical.eligibility.verdict import Verdict
from trials.clinical.undetermined import Undetermined
from trials.models import Evaluation

BADGES = {True: "MET", False: "NOT_MET", None: "UNDETERMINED"}
"""The color of a verdict: by whether it is in order, whatever the criterion asks for."""


@dataclass(frozen=True)
class ShownLine:
    """A rule as the table shows it; `notes` are the numbers of the settings below the table."""

    line: Line
    notes: tuple[int, ...]

    @property
    def wanted(self) -> str:
        return str(CriterionAnswer(self.line.wanted).label)

    @property
    def answer(self) -> str:
        code = self.line.answer.code
        return str(CriterionAnswer(code).label) if code else ""

    @property
    def evaluation(self) -> str:
        return str(Evaluation(self.line.rule.evaluation).label)

    @property
    def verdict(self) -> str:
        words = self.line.verdict_in_words
        return words[:1].upper() + words[1:]

    @property
    def badge(self) -> str:
        verdict = self.line.data.verdict
        return verdict.value if verdict is Verdict.NOT_APPLICABLE else BADGES[self.line.in_order]

    @property
    def values(self) -> list[tuple[Evidence, str]]:
        """Each value with the page of the form on which it stands."""
        return [
            (each, page_url(_forms()[each.source.form], "change", each.source.record_id))
            for each in self.line.evidence
        ]


def shown_lines(lines: Sequence[Line]) -> tuple[list[ShownLine], list[str]]:
    """The lines of the table, and the settings that any of them rests on, each told once."""
    told = [list(line.data.settings_in_words.values()) for line in lines]
    settings = list(dict.fromkeys(words for each in told for words in each))
    numbers = {words: number for number, words in enumerate(settings, 1)}
    shown = [
        ShownLine(line, tuple(numbers[words] for words in each))
        for line, each in zip(lines, told, strict=True)
    ]
    return shown, settings


@cache
def _forms() -> dict[str, type[CaseReportForm]]:
    return {model.form.oid: model for model in form_models()}


class ConfirmForm(forms.Form):
    confirmed = forms.BooleanField(
        label=gettext_lazy("I have checked the subject code; an allocation is never repeated or undone.")
    )


def randomize_page(admin: StudyAdmin, request: HttpRequest, subject: Subject) -> HttpResponse:
    """The criteria one by one, those that block above them, or the question whether to go on."""
    actor = user_of(request)
    facts = Facts([subject])
    judged = eligibility(facts, subject)
    criteria, settings = shown_lines(judged.lines)
    context = {
        "title": _("Randomize %(code)s") % {"code": subject.code},
        "submit": _("Randomize now"),
        "subject": subject,
        "back_url": hub_url(subject),
        "findings": judged.findings,
        "decided_on": judged.decided_on,
        "criteria": criteria,
        "notes": settings,
        "allocation": allocation_of(subject),
        **_stratum(facts, subject),
    }
    return act_page(
        admin,
        request,
        form=ConfirmForm(posted(request)),
        act=lambda typed: randomize(actor=actor, subject=subject),
        said=lambda allocation: (
            _("%(code)s is allocated to arm %(arm)s: %(title)s.")
            % {"code": subject.code, "arm": allocation.arm.code, "title": allocation.arm.title}
        ),
        to=hub_url(subject),
        context=context,
        template="study/randomize.html",
    )


def _stratum(facts: Facts, subject: Subject) -> dict[str, str]:
    """The stratum by the data of now, or why there is none; nothing where the study has no strata."""
    found = stratum_of(facts, subject)
    if isinstance(found, Undetermined):
        return {"no_stratum": found.sentence()}
    return {"stratum": found.words}
