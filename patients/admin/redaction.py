"""Redactions: the list, the page where one is asked for, and the decision of a second person."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.redaction import (
    agree_redaction,
    ask_redaction_of_reason,
    ask_redaction_of_words,
    ask_redactions,
    decline_redaction,
)
from patients.admin.addresses import form_url, page_url
from patients.forms import definitions
from patients.models import CaseReportForm, Query, QueryMessage, Subject
from patients.redactions import TAKEN_OUT, candidates, described, elsewhere, redactions, subject_of
from patients.selectors import visible
from trials.admin.act import ReasonField, act_page, posted
from trials.admin.base import WRITING, StudyAdmin, user_of
from trials.audit.redaction import target_of
from trials.models import AuditEvent, Redaction, RedactionState, User
from trials.roles import Verb, may

DECISIONS: dict[str, tuple[Any, Any]] = {
    "approve": (agree_redaction, gettext_lazy("Agree: take it out for good")),
    "refuse": (decline_redaction, gettext_lazy("Decline")),
}


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(RedactionState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() in RedactionState.values else queryset


class AskForm(forms.Form):
    questions = forms.MultipleChoiceField(
        label=gettext_lazy("Whose older versions"), widget=forms.CheckboxSelectMultiple, required=False
    )
    change_reason = ReasonField(label=gettext_lazy("Why it must not be kept; do not quote it"))

    def __init__(self, *arguments: Any, choices: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        field: Any = self.fields["questions"]
        field.choices = choices


class ReasonForm(forms.Form):
    change_reason = ReasonField(label=gettext_lazy("Reason; do not quote what is taken out"))


@admin.register(Redaction)
class RedactionAdmin(StudyAdmin):
    """Never shows what is to be redacted, nor what it was."""

    verb = Verb.REQUEST_REDACTION
    list_display = ("subject", "about", "questions", "state", "requested_by", "decided_by")
    list_filter = (StateFilter,)
    ordering = ("-id",)
    fields = ("state", "requested_by", "request_reason", "decided_by", "decision_reason")
    change_form_template = "study/redaction.html"

    def visible_to(self, user: User) -> QuerySet[Redaction]:
        return redactions(user)

    @admin.display(description=gettext_lazy("Subject"))
    def subject(self, redaction: Redaction) -> str:
        return subject_of(redaction).code

    @admin.display(description=gettext_lazy("Record"))
    def about(self, redaction: Redaction) -> str:
        return described(redaction).about

    @admin.display(description=gettext_lazy("What"))
    def questions(self, redaction: Redaction) -> str:
        return ", ".join(described(redaction).questions)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("ask/form/<slug:oid>/<int:pk>/", view(self.ask_form), name="patients_redaction_form"),
            path("ask/event/<int:pk>/", view(self.ask_event), name="patients_redaction_event"),
            path("ask/query/<int:pk>/", view(self.ask_query), name="patients_redaction_query"),
            path("<int:pk>/<slug:step>/decide/", view(self.decide), name="patients_redaction_decide"),
            *super().get_urls(),
        ]

    # ------------------------------------------------------------ asking
    def ask_form(self, request: HttpRequest, oid: str, pk: int) -> HttpResponse:
        """Choose questions whose older versions hold what must not be kept."""
        self.enter(request, WRITING)
        model = {each.oid: each.model for each in definitions()}.get(oid)
        if model is None:
            raise Http404
        record: CaseReportForm = self._one(request, model, pk)
        choices = [
            (
                each.key,
                _label(each.key, each.label, len(each.target.keys), elsewhere(record.subject, each.target)),
            )
            for each in candidates(record)
        ]
        return act_page(
            self,
            request,
            form=AskForm(posted(request), choices=choices),
            act=lambda typed: ask_redactions(
                actor=user_of(request),
                record=record,
                keys=typed["questions"],
                reason=typed["change_reason"],
            ),
            said=_("The redaction is asked for; a second person decides."),
            to=page_url(Redaction, "changelist"),
            context={
                "title": _("Ask for a redaction: %(form)s") % {"form": record.form.title},
                "lead": _(
                    "What an older version held is blanked for good once a second person agrees; the form "
                    "keeps what it holds now. Offered are the questions that an older version answers "
                    "otherwise: what the form still holds must be corrected first. A frozen or locked form "
                    "needs no unlocking, and a signature stays, since no answer is changed."
                ),
                "submit": _("Ask for redaction"),
                "subject": record.subject,
                "back_url": form_url(record, "history"),
                "danger": True,
            },
        )

    def ask_event(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The reason and note of an act."""
        self.enter(request, WRITING)
        event = AuditEvent.objects.filter(pk=pk).first() if pk < 2**63 else None
        own = visible(Subject, user_of(request), self.verb)
        if event is None or not own.filter(chain=event.chain_id).exists():
            raise Http404
        lead = _("Reason and note of act %(number)s of the casebook are blanked.") % {"number": event.number}
        return self._ask(
            request,
            lambda typed: ask_redaction_of_reason(
                actor=user_of(request), event=event, reason=typed["change_reason"]
            ),
            _("Ask for a redaction of a reason"),
            lead,
            page_url(Redaction, "changelist"),
        )

    def ask_query(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Words of a query: its question, or one turn of its thread (`turn`)."""
        self.enter(request, WRITING)
        query: Query = self._one(request, Query, pk)
        said = list(QueryMessage.objects.filter(query=query).select_related("query__subject").order_by("id"))
        choices = [("0", _("The question, and the reason why a value stands"))]
        choices += [
            (str(number), f"{number}: {each.get_kind_display()}")
            for number, each in enumerate(said, 1)
            if each.text not in ("", TAKEN_OUT)
        ]
        return act_page(
            self,
            request,
            form=TurnForm(posted(request), choices=choices),
            act=lambda typed: ask_redaction_of_words(
                actor=user_of(request),
                record=said[int(typed["turn"]) - 1] if typed["turn"] != "0" else query,
                reason=typed["change_reason"],
            ),
            said=_("The redaction is asked for; a second person decides."),
            to=page_url(Redaction, "changelist"),
            context={
                "title": _("Ask for a redaction: query %(number)s") % {"number": query.pk},
                "lead": _(
                    "The words are taken out of the thread at once; they come back when it is declined."
                ),
                "submit": _("Ask for redaction"),
                "back_url": page_url(Query, "change", query.pk),
                "danger": True,
            },
        )

    def _ask(self, request: HttpRequest, act: Any, title: str, lead: str, back: str) -> HttpResponse:
        context = {
            "title": title,
            "lead": lead,
            "submit": _("Ask for redaction"),
            "back_url": back,
            "danger": True,
        }
        said = _("The redaction is asked for; a second person decides.")
        return act_page(
            self, request, form=ReasonForm(posted(request)), act=act, said=said, to=back, context=context
        )

    def _one(self, request: HttpRequest, model: Any, pk: int) -> Any:
        found = visible(model, user_of(request), self.verb).select_related(
            "subject__site", "subject__study", "subject__chain"
        )
        record = found.filter(pk=pk).first() if pk < 2**63 else None
        if record is None:
            raise Http404
        return record

    # ------------------------------------------------------------ deciding
    def beside(self, request: HttpRequest, record: Redaction) -> dict[str, Any]:
        told, user = described(record), user_of(request)
        steps = [
            (name, words)
            for name, (_act, words) in DECISIONS.items()
            if _may_decide(user, record, told.subject)
        ]
        waits = record.state == RedactionState.REQUESTED
        places = elsewhere(told.subject, target_of(record)) if waits else []
        return {"told": told, "steps": steps, "places": places, "waits": waits}

    def decide(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """The second person's decision, with its reason."""
        self.enter(request, WRITING)
        redaction, actor = self.found(request, pk), user_of(request)
        told = described(redaction)
        if step not in DECISIONS or not may(actor, Verb.APPROVE_REDACTION, site=told.subject.site):
            raise PermissionDenied
        act, words = DECISIONS[step]
        back = page_url(Redaction, "change", redaction.pk)
        return act_page(
            self,
            request,
            form=ReasonForm(posted(request)),
            act=lambda typed: act(actor=actor, redaction=redaction, reason=typed["change_reason"]),
            said=str(words),
            to=back,
            context={
                "title": f"{words}: {told.subject.code}, {told.about}",
                "lead": f"{', '.join(told.questions)}. {redaction.request_reason}",
                "submit": words,
                "subject": told.subject,
                "back_url": back,
                "danger": step == "approve",
            },
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.enter(request)
        redaction = self.found(request, object_id)
        if not may(user_of(request), Verb.READ_AUDIT, site=subject_of(redaction).site):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)


class TurnForm(forms.Form):
    turn = forms.ChoiceField(label=gettext_lazy("Whose words"), widget=forms.RadioSelect)
    change_reason = ReasonField(label=gettext_lazy("Why it must not be kept; do not quote it"))

    def __init__(self, *arguments: Any, choices: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        field: Any = self.fields["turn"]
        field.choices = choices


def _may_decide(user: User, redaction: Redaction, subject: Subject) -> bool:
    waits = redaction.state == RedactionState.REQUESTED and redaction.requested_by_id != user.pk
    return waits and may(user, Verb.APPROVE_REDACTION, site=subject.site)


def _label(key: str, label: str, versions: int, places: list[tuple[str, int]]) -> str:
    row = key.rpartition(" ")[0]
    also = "; ".join(f"{words}: {number}" for words, number in places)
    said = f"{row} · {label}" if row else label
    said = f"{said} ({_('older versions')}: {versions})"
    return f"{said} · {_('the text stands also in')} {also}" if also else said
