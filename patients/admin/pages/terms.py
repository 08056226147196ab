"""Terms of CTCAE, proposed while a person types."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from patients.admin.base import ClinicalAdmin
from patients.admin.sheet import Sheet
from patients.models import Subject
from trials.models import StudySetting
from trials.terminology.lookup import ctcae_terms, grades_of, search

QUESTION = "ctcae_term"
PROPOSED_AT_MOST = 12


def terms_page(admin: ClinicalAdmin, request: HttpRequest, subject: Subject) -> HttpResponse:
    """The terms that contain what is typed (`q`), in the version by which the subject's study grades."""
    version = _version(subject)
    found = search(version, request.GET.get("q", ""), limit=PROPOSED_AT_MOST) if version else []
    proposals = [
        {
            "term": each.term,
            "note": f"{each.system_organ_class} · {', '.join(map(str, grades_of(each)))}",
        }
        for each in found
    ]
    return JsonResponse({"terms": proposals})


def offer_terms(sheet: Sheet, subject: Subject) -> None:
    """Let the question about the CTCAE term propose terms, where the study's version is loaded."""
    version = _version(subject)
    if version and ctcae_terms(version).exists():
        address = reverse("admin:patients_subject_ctcae_terms", args=[subject.pk])
        sheet.head.fields[QUESTION].widget.attrs["data-suggest"] = address


def _version(subject: Subject) -> str:
    setting = StudySetting.objects.filter(study_id=subject.study_id, key="ctcae_version").first()
    return "" if setting is None or setting.value is None else str(setting.value)
