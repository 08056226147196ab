"""Verify, freeze and lock forms, visits or the whole casebook: chosen on one page, done in one act."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.locks import close_all, close_forms
from patients.actions.seen import Seen
from patients.actions.verification import verify
from patients.admin.addresses import hub_url, page_url
from patients.admin.marks import Badge, badges, may_mark, shown_lock
from patients.admin.overview import records_of
from patients.critical_fields import critical_questions
from patients.forms import definition, definitions
from patients.marks import closures_over
from patients.models import EntryState, LockKind, Subject, VerificationExtent, Visit
from patients.open_matters import open_matters, target_of
from patients.selectors import visits_of
from trials.actions.errors import Refused
from trials.admin.act import ReasonField, act_page, posted
from trials.admin.base import StudyAdmin, user_of
from trials.models import User
from trials.roles import Verb, may

CHOSEN = re.compile(r"([A-Z0-9]{1,12}):([0-9]{1,18}):([0-9]{1,9})", re.ASCII)
PRECHOSEN = re.compile(r"([A-Z0-9]{1,12}):([0-9]{1,18})", re.ASCII)
CASEBOOK = "casebook"
STEPS: dict[str, tuple[Any, Verb]] = {
    "WHOLE": (gettext_lazy("Verified: every answer agrees with the source"), Verb.VERIFY),
    "CRITICAL": (gettext_lazy("Verified: the critical answers agree with the source"), Verb.VERIFY),
    "FREEZE": (gettext_lazy("Freeze: nothing is changed until one person lifts it"), Verb.FREEZE),
    "LOCK": (gettext_lazy("Lock: nothing is changed until two persons unlock it"), Verb.LOCK),
}


@dataclass
class Line:
    """A form that can be chosen; `value` names it with the version that the page shows."""

    value: str
    title: str
    url: str
    state: EntryState
    marks: list[Badge]
    critical: bool
    chosen: bool


@dataclass
class Group:
    """The forms of a visit, or of the whole casebook (visit empty)."""

    visit: Visit | None
    lines: list[Line] = field(default_factory=list)
    chosen: bool = False


class MarksForm(forms.Form):
    step = forms.ChoiceField(label=gettext_lazy("What"), widget=forms.RadioSelect)
    change_reason = ReasonField(
        label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed to freeze and to lock")
    )

    def __init__(self, *arguments: Any, user: User, subject: Subject, **options: Any) -> None:
        super().__init__(*arguments, **options)
        step: Any = self.fields["step"]
        step.choices = [
            (key, words) for key, (words, verb) in STEPS.items() if may(user, verb, site=subject.site)
        ]


def marks_page(admin: StudyAdmin, request: HttpRequest, subject: Subject) -> HttpResponse:
    """Choose forms in the versions that are shown, or visits, or the casebook; then what is done to them."""
    actor = user_of(request)
    if not may_mark(actor, subject):
        raise PermissionDenied
    records = records_of(subject)
    visits = list(visits_of(subject).select_related("subject__site", "subject__study", "subject__chain"))
    choice = _choice(request, records, visits)
    return act_page(
        admin,
        request,
        form=MarksForm(posted(request), user=actor, subject=subject),
        act=lambda typed: _done(actor, subject, choice, typed),
        said=lambda number: _("Done: %(count)s.") % {"count": number},
        to=hub_url(subject),
        context={
            "title": _("Verify, freeze, lock: %(code)s") % {"code": subject.code},
            "lead": _("Whatever is chosen is done in one act: all of it or nothing."),
            "submit": _("Do it"),
            "subject": subject,
            "back_url": hub_url(subject),
            "groups": _groups(subject, records, visits, choice),
            "casebook_chosen": choice.casebook,
            "closed_by": shown_lock(next(iter(closures_over([subject]).over(subject)), None), actor),
            "matters": open_matters(target_of(subject)) if may(actor, Verb.LOCK, site=subject.site) else [],
        },
        template="study/choose_marks.html",
    )


@dataclass
class Choice:
    """What was ticked: forms with the version that was seen, visits, or the whole casebook."""

    forms: dict[tuple[str, int], int] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    casebook: bool = False
    shown: dict[tuple[str, int], int] = field(default_factory=dict)


def _choice(request: HttpRequest, records: Sequence[Mapping[str, Any]], visits: Sequence[Visit]) -> Choice:
    """What was sent, looked up among what the casebook holds. Raises Http404 for anything else."""
    known = {(each["oid"], each["key"]) for each in records}
    if request.method != "POST":
        match = PRECHOSEN.fullmatch(request.GET.get("chosen", ""))
        wanted = (match[1], int(match[2])) if match else None
        return Choice(forms={wanted: 0} if wanted in known and wanted is not None else {})
    choice = Choice(
        _seen(request.POST.getlist("form"), known), shown=_seen(request.POST.getlist("shown"), known)
    )
    by_key = {str(visit.pk): visit for visit in visits}
    for key in request.POST.getlist("visit"):
        if key not in by_key:
            raise Http404
        choice.visits.append(by_key[key])
    choice.casebook = CASEBOOK in request.POST
    return choice


def _seen(sent: Sequence[str], known: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
    found = {}
    for text in sent:
        match = CHOSEN.fullmatch(text)
        if match is None or (match[1], int(match[2])) not in known:
            raise Http404
        found[match[1], int(match[2])] = int(match[3])
    return found


def _done(actor: User, subject: Subject, choice: Choice, typed: Mapping[str, Any]) -> int:
    step, reason = typed["step"], typed["change_reason"]
    if sum(map(bool, (choice.forms, choice.visits, choice.casebook))) != 1:
        raise Refused(_("Choose forms, or visits, or the whole casebook."))
    if step in VerificationExtent.values:
        return len(verify(actor=actor, seen=_looked_at(subject, choice), extent=step))
    if choice.forms:
        seen = _read(subject, choice.forms)
        return len(close_forms(actor=actor, kind=step, seen=seen, reason=reason))
    nouns: list[Any] = [subject] if choice.casebook else list(choice.visits)
    return len(close_all(actor=actor, kind=LockKind(step), nouns=nouns, reason=reason))


def _looked_at(subject: Subject, choice: Choice) -> list[Seen]:
    """The forms that were chosen, one by one or with their visit or casebook, as the page showed them."""
    if choice.forms:
        return _read(subject, choice.forms)
    seen = _read(subject, choice.shown)
    at = {visit.pk for visit in choice.visits}
    return [each for each in seen if choice.casebook or each.record.visit_id in at]


def _read(subject: Subject, versions: Mapping[tuple[str, int], int]) -> list[Seen]:
    by_form: dict[str, list[int]] = {}
    for oid, key in versions:
        by_form.setdefault(oid, []).append(key)
    return [
        Seen(record, versions[oid, record.pk])
        for oid, keys in by_form.items()
        for record in definition(oid)
        .model._default_manager.filter(subject=subject, pk__in=keys)
        .select_related("subject__site", "subject__chain", "visit")
    ]


def _groups(
    subject: Subject, records: Sequence[Mapping[str, Any]], visits: Sequence[Visit], choice: Choice
) -> list[Group]:
    critical = critical_questions(subject.study_id)
    kinds = {each.oid: each for each in definitions()}
    groups: dict[int | None, Group] = {None: Group(None)}
    groups |= {visit.pk: Group(visit, chosen=visit in choice.visits) for visit in visits}
    for each in sorted(records, key=lambda record: kinds[record["oid"]].standing):
        kind, key = kinds[each["oid"]], (each["oid"], each["key"])
        groups[each["visit_id"]].lines.append(
            Line(
                value=f"{each['oid']}:{each['key']}:{choice.shown.get(key, each['version'])}",
                title=f"{kind.title} #{each['repeat']}" if kind.repeats else str(kind.title),
                url=page_url(kind.model, "change", each["key"]),
                state=EntryState(each["entry_state"]),
                marks=badges(each["marks"]),
                critical=kind.oid in critical,
                chosen=key in choice.forms,
            )
        )
    return [group for group in groups.values() if group.lines]
