"""Pages over captured data: rows of the user's sites only."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import get_text_list

from patients.audit_review.acts import told
from patients.audit_review.withholding import withheld_versions
from patients.models import Subject
from patients.selectors import subjects, visible
from trials.admin.base import StudyAdmin, user_of
from trials.audit.trail import Version
from trials.models import Role, User
from trials.roles import Verb, may, roles_with


class ClinicalAdmin(StudyAdmin):
    """Base of every model of captured data."""

    verb = Verb.READ

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.enter(request)
        record = self.found(request, object_id)
        site = record.site if isinstance(record, Subject) else record.subject.site
        if not may(user_of(request), Verb.READ_AUDIT, site=site):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def shown_versions(self, request: HttpRequest, record: Any) -> list[Version]:
        """Without free text and days of birth for a de-identified reader."""
        site = record.site if isinstance(record, Subject) else record.subject.site
        reads_text = may(user_of(request), Verb.READ_FREE_TEXT, site=site)
        return withheld_versions(self.model, self.versions(record), reads_text=reads_text)

    def visible_to(self, user: User) -> QuerySet[Any]:
        return visible(self.model, user)

    def told(self, action: str) -> str:
        return told(action)


def subject_in_reach(request: HttpRequest, key: Any) -> Subject:
    """The subject whose key came with the request. Raises Http404, also for a foreign one."""
    text = str(key or "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    found = subjects(user_of(request)).filter(pk=int(text)).first()
    if found is None:
        raise Http404
    return found


def who_may(verb: Verb) -> str:
    """The roles that may do something, in words, for who may not."""
    return roles_in_words(roles_with(verb))


def roles_in_words(roles: Iterable[Role]) -> str:
    """For example "monitor or data manager"."""
    return get_text_list([f"{role.label[0].lower()}{role.label[1:]}" for role in roles])
