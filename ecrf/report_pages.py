"""Pages of reports inside the admin: efficacy, and how each endpoint of a subject was found."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from ecrf.endpoint_steps import line, own_lines, shared_steps
from ecrf.reports.asked import NotAsked, day, instant, rules_of
from ecrf.reports.choices import Choices, UnknownChoice
from ecrf.reports.derivation import DERIVATIONS, derivation_as_json
from ecrf.reports.efficacy import efficacy, study_choices
from ecrf.reports.endpoints import endpoints_of
from ecrf.reports.protocol import Protocol
from ecrf.reports.reach import population, studies_in_reach
from ecrf.reports.text import efficacy_as_text
from patients.admin.base import subject_in_reach
from patients.facts import Facts, Moment
from patients.models import Subject
from patients.selectors import subjects
from trials.admin.base import user_of
from trials.models import Study
from trials.roles import Verb, may

ASKED = ("cutoff", "as_of", "censoring")
TITLES = {
    "pfs": "Progression-free survival",
    "os": "Overall survival",
    "dor": "Duration of response",
    "response": "Best overall response",
}


def efficacy_page(site: Any, request: HttpRequest) -> HttpResponse:
    """The report of efficacy about every subject in reach, with what is asked of it in the address."""
    user = user_of(request)
    if request.method != "GET" or not may(user, Verb.READ):
        raise PermissionDenied
    known = list(studies_in_reach(user))
    code = request.GET.get("study") or (known[0].code if known else "")
    study = next((each for each in known if each.code == code), None)
    if study is None:
        raise Http404
    context: dict[str, Any] = {"studies": known, "study": study, **_asked(request)}
    try:
        moment, chosen = _moment(request), _choices(request, study, _moment(request))
        seen = list(subjects(user).filter(study=study).order_by("code"))
        context["text"] = efficacy_as_text(efficacy(study, seen, population(user, study), moment, chosen))
    except (NotAsked, UnknownChoice) as error:
        context["refused"] = str(error)
    return _page(site, request, "study/efficacy.html", {"title": _("Report of efficacy"), **context})


def endpoints_page(site: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Each endpoint of a subject: the answer, its rule, and every step with the records it rests on."""
    subject = subject_in_reach(request, pk)
    if request.method != "GET":
        raise PermissionDenied
    context: dict[str, Any] = {"subject": subject, **_asked(request)}
    try:
        moment = _moment(request)
        chosen = _choices(request, subject.study, moment)
        found = endpoints_of(Facts([subject], moment), subject, Protocol.of(subject.study))
        derivations = {name: derivation_as_json(name, found, chosen, moment) for name in DERIVATIONS}
        context |= _shown_endpoints({name: _readings(each) for name, each in derivations.items()}, subject)
    except (NotAsked, UnknownChoice) as error:
        context["refused"] = str(error)
    title = _("Endpoints of %(code)s") % {"code": subject.code}
    return _page(site, request, "study/endpoints.html", {"title": title, **context})


def _asked(request: HttpRequest) -> dict[str, Any]:
    return {"asked": {name: request.GET.get(name, "") for name in ASKED}}


def _moment(request: HttpRequest) -> Moment:
    return Moment(instant(request.GET.get("as_of") or None), day(request.GET.get("cutoff") or None))


def _choices(request: HttpRequest, study: Study, moment: Moment) -> Choices:
    censoring = rules_of(request.GET.get("censoring") or None)
    chosen = study_choices(study, moment)
    return chosen.under(censoring) if censoring else chosen


def _readings(derivation: dict[str, Any]) -> list[dict[str, Any]]:
    """One answer, or one for each reading of confirmation; its words where they say more than its steps."""
    return [
        {
            **reading,
            "answer": (reading.get("outcome") or reading.get("response") or "").replace("_", " "),
            "words": "" if _is_told_by(reading["steps"], reading["words"]) else reading["words"],
        }
        for reading in derivation.get("readings") or [derivation]
    ]


def _is_told_by(steps: list[dict[str, Any]], words: str) -> bool:
    return " ".join(step["words"] for step in steps) == words


def _shown_endpoints(readings: dict[str, list[dict[str, Any]]], subject: Subject) -> dict[str, Any]:
    """Every answer with its own steps, and once the steps that several share."""
    shared = shared_steps([each["steps"] for found in readings.values() for each in found])
    told: set[tuple[str, str]] = set()
    endpoints = [
        {
            "title": TITLES[name],
            "readings": [
                {**each, "lines": own_lines(each["steps"], shared, subject, told)} for each in found
            ],
        }
        for name, found in readings.items()
    ]
    return {"endpoints": endpoints, "shared": [line(step, subject, told) for step in shared]}


def _page(site: Any, request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
    request.current_app = site.name
    return TemplateResponse(request, template, {**site.each_context(request), **context})
