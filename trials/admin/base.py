"""What every admin page shares: rights from the roles, rows from the scope, no write around an action.

Django's permissions are not asked (a user has none). A page starts from `visible_to(user)`, so that a record
of another site does not exist for it: 404, never 403.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import ShowFacets, SimpleListFilter
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from trials.audit.acts import told
from trials.audit.trail import Version, versions_of_row
from trials.models import User
from trials.roles import Verb, may

READING = ("GET", "HEAD", "OPTIONS")
WRITING = (*READING, "POST")
COUNTED_AT_MOST = 10_000


class BoundedPaginator(Paginator):
    """Counts and turns pages up to COUNTED_AT_MOST rows, so that no list reads a million of them."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows) if isinstance(rows, list) else rows[:COUNTED_AT_MOST].count()


class StudyList(ChangeList):
    """A list that counts once: what the filters leave over."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class StudyAdmin(ModelAdmin):
    """Base of every registered model: read-only unless a subclass says otherwise.

    `verb` is what a user must be allowed to do to see it; `hidden` answers 404 instead of 403 to everybody
    else, so that not even the existence of the page is told.
    """

    verb = Verb.READ_PROTOCOL
    hidden = False

    actions = None
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 0
    list_filter_sheet = False
    view_on_site = False

    def visible_to(self, user: User) -> QuerySet[Any]:
        """The rows this user may see. Each subclass answers."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.visible_to(user_of(request)).order_by(*self.get_ordering(request))

    # ------------------------------------------------------------ rights
    def has_module_permission(self, request: HttpRequest) -> bool:
        # The login page asks too, for nobody.
        return request.user.is_authenticated and self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(user_of(request), self.verb)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def enter(self, request: HttpRequest, methods: Iterable[str] = READING) -> None:
        """Raises Http404 or PermissionDenied for who may not see the page or uses it in a way it has not."""
        if not self.has_view_permission(request):
            raise Http404 if self.hidden else PermissionDenied
        if (request.method or "") not in methods:
            raise PermissionDenied
        if IS_POPUP_VAR in request.GET or IS_POPUP_VAR in request.POST:
            raise SuspiciousOperation("pages do not open in a popup")

    def found(self, request: HttpRequest, object_id: Any) -> Any:
        """The record in the user's scope. Raises Http404, the same for a foreign record and for none."""
        record = self.get_object(request, unquote(str(object_id)))
        if record is None:
            raise Http404
        return record

    # ------------------------------------------------------------ pages
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        self.enter(request)
        return super().changelist_view(request, {"title": self.list_title(), **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return StudyList

    def list_title(self) -> str:
        return str(self.opts.verbose_name_plural).capitalize()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Where a record is made, or the page of one; each subclass says what they are."""
        return self.entry_page(request) if object_id is None else self.record_page(request, object_id)

    def entry_page(self, request: HttpRequest) -> HttpResponse:
        """Where a record is made. Most kinds are not made here."""
        self.enter(request)
        raise PermissionDenied

    def record_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A read-only page; a subclass that writes has a page of its own."""
        self.enter(request)
        record = self.found(request, object_id)
        context = {"title": str(record), "subtitle": None, **self.beside(request, record)}
        page: HttpResponse = super().changeform_view(request, object_id, "", context)
        return page

    def beside(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """What the template of a read-only page shows beside the fields."""
        return {}

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Nothing is ever deleted."""
        self.enter(request, methods=())

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what, when and why; reading only."""
        self.enter(request)
        record = self.found(request, object_id)
        versions = self.shown_versions(request, record)
        for version in versions:
            version.words = self.told(version.event.action)
        context = {
            "title": _("History of %(record)s") % {"record": record},
            "versions": versions,
            "record": record,
            **(extra_context or {}),
        }
        return self.page(request, "study/history.html", context)

    def shown_versions(self, request: HttpRequest, record: Any) -> list[Version]:
        """The versions as who asks may see them."""
        return self.versions(record)

    def told(self, action: str) -> str:
        """An act in words."""
        return told(action)

    def versions(self, record: Any) -> list[Version]:
        """What each act did to the record, newest first."""
        return list(reversed(versions_of_row(record)))

    def page(
        self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
    ) -> TemplateResponse:
        """A page of our own inside the frame of the admin."""
        request.current_app = self.admin_site.name
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "model_admin": self}
        return TemplateResponse(request, template, {**shared, **context}, status=status)

    # ------------------------------------------------------------ closed doors
    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what a filter of the list offers; any other lookup could ask about rows out of sight."""
        return lookup in {
            each.parameter_name
            if isinstance(each, type) and issubclass(each, SimpleListFilter)
            else f"{each}__exact"
            for each in self.list_filter
        }

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return to_field == self.opts.pk.name

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The audit event is the record; Django's log would hold clinical values without scope."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """See log_addition."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """See log_addition."""

    # Whatever happens, no row is written here.
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        raise PermissionDenied

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        raise PermissionDenied

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        raise PermissionDenied

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        raise PermissionDenied


def user_of(request: HttpRequest) -> User:
    """The person who asks; the site lets nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
