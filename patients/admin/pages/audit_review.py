"""Pages of the audit trail: ask and read, mark as reviewed, take away; and which casebooks wait."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.actions.review_audit import record_export_of_trail, review_audit
from patients.admin.addresses import hub_url, page_of
from patients.audit_review.acts import KindOfAct
from patients.audit_review.asked import BESIDE_ROLES, PARAMETERS, Asked, Reviewed, Risk, asked
from patients.audit_review.changes import Record
from patients.audit_review.events import Page, Told
from patients.audit_review.events import page_of as page_of_trail
from patients.audit_review.kinds import kinds_named, titles
from patients.audit_review.lines import lines
from patients.audit_review.marks import CASEBOOKS, casebooks, marked_at, to_mark
from patients.audit_review.reach import Reach
from patients.models import Visit
from trials.actions.errors import Refused
from trials.admin.base import StudyAdmin, user_of
from trials.audit import clock
from trials.csv_cells import csv_lines
from trials.models import ChainKind, Role, Source
from trials.roles import NotPermitted, Verb

TRAIL = "admin:patients_auditreview_changelist"
SHOWN_OPEN = 8
"""More changed values of one act are folded."""
OLDEST = "oldest"
OWN = ("cursor", "order")
EVERYTHING = ("", "")


def trail_page(admin: StudyAdmin, request: HttpRequest) -> HttpResponse:
    """The trail with its filters; a filter that is wrong is named, and nothing is shown."""
    reach = Reach(user_of(request))
    sent = {name: str(text) for name, text in request.GET.items() if name not in OWN}
    context: dict[str, Any] = {"title": _("Audit trail"), "sent": sent, "order": request.GET.get("order", "")}
    status = 200
    try:
        question = asked(reach, sent)
        oldest = request.GET.get("order") == OLDEST
        page = page_of_trail(reach, question, request.GET.get("cursor", ""), oldest=oldest)
        context |= _shown(admin, request, question, page)
    except Refused as refusal:
        context["refused"] = [(name, said) for name, told in refusal.errors.items() for said in told]
        status = 400
    context["controls"] = _controls(reach, sent)
    context["kept"] = sorted((name, text) for name, text in sent.items() if name in PARAMETERS and text)
    return admin.page(request, "study/audit_trail.html", context, status=status)


def _shown(admin: StudyAdmin, request: HttpRequest, question: Asked, page: Page) -> dict[str, Any]:
    may_review = Reach(user_of(request), Verb.REVIEW_AUDIT)
    reviewable = [told.event for told in page.told if may_review and _covers(may_review, told)]
    marks = to_mark(reviewable) if reviewable and not question.narrows else []
    waiting = any(not told.reviewed for told in page.told)
    return {
        "lines": [_line(admin, told) for told in page.told],
        "older_url": _address(request, cursor=page.older) if page.older else "",
        "newer_url": _address(request, cursor=page.newer) if page.newer else "",
        "first_url": _address(request, cursor="") if request.GET.get("cursor") else "",
        "may_review": bool(may_review),
        "up_to": marks,
        "waiting": waiting,
        "waiting_url": _waiting_url(question),
        "subject": question.subject,
        "narrows": question.narrows,
    }


def _covers(reach: Reach, told: Told) -> bool:
    place = told.place
    if place.site is not None:
        return reach.granted.covers(place.site)
    return place.study is not None and place.study.pk in reach.granted.studies


def _line(admin: StudyAdmin, told: Told) -> dict[str, Any]:
    changes = sum(len(record.changes) for record in told.records)
    return {
        "told": told,
        "risks": [risk.label for risk in told.risks],
        "records": [_record(admin, told, record) for record in told.records],
        "open": changes <= SHOWN_OPEN or told.kind is KindOfAct.CHANGE,
        "number": changes,
        "hub": hub_url(told.place.subject) if told.place.subject is not None else "",
    }


def _record(admin: StudyAdmin, told: Told, record: Record) -> dict[str, Any]:
    """A record in words, with the ways to it and to its own history where it has pages."""
    words = " ".join(
        str(each) for each in (record.title, record.where.visit, record.where.repeat or "") if each
    )
    if record.about:
        words = f"{record.title}: {kinds_named()[record.about][0].title}"
    url, history = "", ""
    if record.kind.form is not None:
        url = page_of(record.key, record.where.record)
        history = url.replace("/change/", "/history/")
    elif record.about:
        url = page_of(record.about, record.where.record)
    elif record.kind.model is Visit and told.place.subject is not None:
        url = hub_url(told.place.subject)
    days = record.days_late(told.event.recorded_at, told.place.zone) or 0
    late = Risk.LATE in told.risks and days > 0
    return {
        "record": record,
        "words": words,
        "url": url,
        "history": history,
        "late": ngettext("%(days)s day after", "%(days)s days after", days) % {"days": days} if late else "",
    }


TEXTS: dict[str, tuple[Any, str]] = {
    "subject": (gettext_lazy("Subject"), ""),
    "visit": (gettext_lazy("Visit"), ""),
    "user": (gettext_lazy("Who (username)"), ""),
    "from": (gettext_lazy("From"), "YYYY-MM-DD"),
    "to": (gettext_lazy("To"), "YYYY-MM-DD"),
    "record": (gettext_lazy("Record number"), ""),
    "row": (gettext_lazy("Row"), ""),
    "action": (gettext_lazy("Act"), ""),
    "field": (gettext_lazy("Field"), ""),
}
RARELY = ("record", "row", "action", "field", "site", "study")
ORDER = (
    *("study", "site", "subject", "visit", "form", "field", "record", "row", "kind", "risk", "user"),
    *("role", "source", "action", "from", "to", "area", "reviewed"),
)


def _controls(reach: Reach, sent: dict[str, str]) -> list[dict[str, Any]]:
    """The filters as controls of a plain form: a list of choices, or a text; rarely asked ones when asked."""
    sites = list(reach.sites.order_by("code").values_list("code", "code").distinct()[:200])
    studies = list(reach.studies_known().order_by("code").values_list("code", "code")[:200])
    lists: dict[str, tuple[str, list[tuple[str, Any]]]] = {
        "kind": (_("Kind of change"), list(KindOfAct.choices)),
        "form": (_("Form or record"), sorted(titles(), key=lambda each: str(each[1]).lower())),
        "field": (_("Question"), _questions(sent.get("form", ""))),
        "source": (_("Through"), list(Source.choices)),
        "role": (_("Role"), [*Role.choices, *BESIDE_ROLES.items()]),
        "risk": (_("Look first at"), list(Risk.choices)),
        "reviewed": (_("Review"), list(Reviewed.choices)),
        "area": (_("Whose trail"), list(ChainKind.choices)),
        "site": (_("Site"), sites if len(sites) > 1 else []),
        "study": (_("Study"), studies if len(studies) > 1 else []),
    }
    controls = []
    for name in ORDER:
        value = sent.get(name, "")
        label, choices = lists.get(name, ("", []))
        if choices:
            shown = [
                (*EVERYTHING, not value),
                *((str(key), each, str(key) == value) for key, each in choices),
            ]
            controls.append({"name": name, "label": label, "value": value, "choices": shown})
        elif name in TEXTS and (value or name not in RARELY):
            label, hint = TEXTS[name]
            controls.append({"name": name, "label": label, "value": value, "hint": hint})
    return controls


def _questions(form: str) -> list[tuple[str, Any]]:
    """The questions of the chosen form and of its rows, by name."""
    found: dict[str, str] = {}
    for kind in kinds_named().get(form, ()):
        for item in kind.section.items if kind.section is not None else ():
            found.setdefault(
                item.name, f"{kind.row_name}: {item.question}" if kind.row_name else item.question
            )
        if kind.section is None:
            found |= {name: str(kind.model._meta.get_field(name).verbose_name) for name in sorted(kind.names)}
    return list(found.items())


def _address(request: HttpRequest, **changed: str) -> str:
    query = {**request.GET.dict(), **changed}
    return f"?{urlencode({name: text for name, text in query.items() if text})}"


def _waiting_url(question: Asked) -> str:
    """What is unreviewed at the same place, the oldest first: the order in which it is marked."""
    place = {name: question[name] for name in ("study", "site", "subject") if question[name]}
    return f"?{urlencode({**place, 'reviewed': Reviewed.NO.value, 'order': OLDEST})}"


# ---------------------------------------------------------------- acts
def _back(request: HttpRequest) -> str:
    """The trail with the filters that came along; nothing else of the post enters the address."""
    query = {name: request.POST[name] for name in (*PARAMETERS, "order") if request.POST.get(name)}
    return f"{reverse(TRAIL)}?{urlencode(query)}" if query else reverse(TRAIL)


def review_trail(admin: StudyAdmin, request: HttpRequest) -> HttpResponse:
    """Mark as reviewed up to the events that the page showed, never further."""
    if request.method != "POST":
        raise PermissionDenied
    keys = request.POST.getlist("up_to")
    try:
        if not all(key.isascii() and key.isdigit() and len(key) < 19 for key in keys):
            raise Refused({"up_to": [_("is not an event of the trail")]})
        made = review_audit(
            actor=user_of(request), up_to=[int(key) for key in keys], comment=request.POST.get("comment", "")
        )
    except NotPermitted as refusal:
        raise PermissionDenied from refusal
    except Refused as refusal:
        for said in refusal.errors.values():
            messages.error(request, said if isinstance(said, str) else " ".join(said))
    else:
        number = len(made)
        messages.success(
            request,
            ngettext(
                "%(number)s trail is marked as reviewed up to what was shown.",
                "%(number)s trails are marked as reviewed up to what was shown.",
                number,
            )
            % {"number": number},
        )
    return redirect(_back(request))


def export_trail(admin: StudyAdmin, request: HttpRequest) -> Any:
    """The trail as CSV under the same filters. By POST, because it is recorded."""
    if request.method != "POST":
        raise PermissionDenied
    reach, until = Reach(user_of(request)), clock.now()
    try:
        question = asked(reach, {name: request.POST[name] for name in PARAMETERS if name in request.POST})
        record_export_of_trail(actor=user_of(request), asked=question)
    except NotPermitted as refusal:
        raise PermissionDenied from refusal
    except Refused as refusal:
        for said in refusal.errors.values():
            messages.error(request, said if isinstance(said, str) else " ".join(said))
        return redirect(reverse(TRAIL))
    response = StreamingHttpResponse(
        csv_lines(lines(reach, question, until)),
        content_type="text/csv; charset=utf-8; header=present",
    )
    response["Content-Disposition"] = 'attachment; filename="audit-trail.csv"'
    return response


def casebooks_page(admin: StudyAdmin, request: HttpRequest) -> HttpResponse:
    """Which casebooks hold something that nobody has reviewed."""
    reach = Reach(user_of(request))
    waiting = request.GET.get("waiting", "yes") != "no"
    found = casebooks(reach, after=request.GET.get("after", "")[:30], waiting=waiting)
    instants = marked_at([each.last for each in found if each.last is not None])
    context = {
        "title": _("Review of the audit trail"),
        "found": [
            (each, _utc(instants[each.last.pk]) if each.last else "", _trail_of(each)) for each in found
        ],
        "waiting": waiting,
        "more": found[-1].subject.code if len(found) == CASEBOOKS else "",
    }
    return admin.page(request, "study/audit_casebooks.html", context)


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _trail_of(each: Any) -> str:
    place = {"study": each.subject.study.code, "subject": each.subject.code}
    return f"{reverse(TRAIL)}?{urlencode({**place, 'reviewed': Reviewed.NO.value, 'order': OLDEST})}"
