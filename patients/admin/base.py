"""Pages over captured data: rows of the user's sites only."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from patients.models import Subject
from patients.selectors import subjects, visible
from trials.admin.base import StudyAdmin, user_of
from trials.models import User
from trials.roles import Verb

WRITING = ("GET", "HEAD", "OPTIONS", "POST")


class ClinicalAdmin(StudyAdmin):
    """Base of every model of captured data."""

    verb = Verb.READ
    history_verb = Verb.READ_AUDIT

    def visible_to(self, user: User) -> QuerySet[Any]:
        return visible(self.model, user)


def subject_in_reach(request: HttpRequest, key: Any) -> Subject:
    """The subject whose key came with the request. Raises Http404, also for a foreign one."""
    text = str(key or "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    found = subjects(user_of(request)).filter(pk=int(text)).first()
    if found is None:
        raise Http404
    return found
