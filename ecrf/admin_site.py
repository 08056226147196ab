"""The one admin site of the study team: its frame, its first page, and the doors of Django that we close."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from unfold.sites import UnfoldAdminSite

from ecrf import own_account
from trials.audit import clock
from trials.models import User
from trials.roles import Verb, assignments_today, may

METHODS = ("GET", "HEAD", "OPTIONS", "POST")

# Icons are names of the Material Symbols font that the admin theme brings along.
NAVIGATION: tuple[tuple[Any, bool, tuple[tuple[str, str], ...]], ...] = (
    (
        gettext_lazy("Casebooks"),
        False,
        (
            ("patients.Subject", "groups"),
            ("patients.Query?state=OPEN", "contact_support"),
            ("patients.Signature", "draw"),
            ("patients.Verification", "fact_check"),
            ("patients.Lock?state=IN_FORCE", "lock"),
            ("patients.AuditReview", "policy"),
        ),
    ),
    (
        gettext_lazy("Protocol"),
        True,
        (
            ("trials.Study", "science"),
            ("trials.Site", "local_hospital"),
            ("trials.Arm", "call_split"),
            ("trials.Drug", "medication"),
            ("trials.RegimenElement", "vaccines"),
            ("trials.DoseModificationTable", "rule_settings"),
            ("trials.ProhibitedMedication", "block"),
            ("trials.VisitDefinition", "event"),
            ("trials.ScheduledForm", "checklist"),
            ("trials.AtomicCriterion", "rule"),
            ("trials.StudySetting", "tune"),
        ),
    ),
    (
        gettext_lazy("Laboratory"),
        True,
        (
            ("trials.Laboratory", "biotech"),
            ("trials.LabTest", "labs"),
            ("trials.ReferenceRange", "straighten"),
        ),
    ),
    (
        gettext_lazy("Conduct"),
        False,
        (
            ("trials.User", "person"),
            ("trials.Assignment", "badge"),
            ("trials.RandomizationList", "lock"),
            ("trials.Redaction", "ink_eraser"),
        ),
    ),
)


class StudyAdminSite(UnfoldAdminSite):
    """Every registered page of the study hangs here."""

    index_title = gettext_lazy("Overview")
    index_template = "study/dashboard.html"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Takes the pages of the study only: stock pages of other packages ask no role and know no site."""
        from trials.admin.base import StudyAdmin

        if admin_class is not None and issubclass(admin_class, StudyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern]:
        # "View on site" would tell of any row of any table whether it exists.
        own = [
            path("login/code/", self.login_code, name="login_code"),
            *own_account.urls(self),
            path("reports/efficacy/", self.admin_view(self.efficacy), name="efficacy"),
            path("subjects/<int:subject>/endpoints/", self.admin_view(self.endpoints), name="endpoints"),
        ]
        return own + [each for each in super().get_urls() if getattr(each, "name", None) != "view_on_site"]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """No page has more than looking and sending: 405 for any other method, whoever asks."""
        return require_http_methods(METHODS)(super().admin_view(view, cacheable))

    @method_decorator(require_http_methods(METHODS))
    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Name and password; the second factor, where there is one, is asked on the page after."""
        from ecrf.login_pages import PasswordStep

        index = reverse("admin:index")
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(index)
        context = {
            **self.each_context(request),
            "title": _("Log in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            **(extra_context or {}),
        }
        if REDIRECT_FIELD_NAME not in request.GET and REDIRECT_FIELD_NAME not in request.POST:
            context[REDIRECT_FIELD_NAME] = index
        request.current_app = self.name
        view = PasswordStep.as_view(
            extra_context=context,
            authentication_form=self.login_form,
            template_name=self.login_template or "admin/login.html",
        )
        return view(request)

    @method_decorator(require_http_methods(METHODS))
    @method_decorator(never_cache)
    def login_code(self, request: HttpRequest) -> HttpResponse:
        from ecrf.login_pages import code_page

        return code_page(request, self.each_context(request))

    def efficacy(self, request: HttpRequest) -> HttpResponse:
        from ecrf.report_pages import efficacy_page

        return efficacy_page(self, request)

    def endpoints(self, request: HttpRequest, subject: int) -> HttpResponse:
        from ecrf.report_pages import endpoints_page

        return endpoints_page(self, request, subject)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return {
            **context,
            # The theme would write its colors into a <style> element, which the content policy refuses.
            "colors": None,
            "site_url": None,
            "show_back_button": False,
            "styles": [*context["styles"], static("ecrf/admin.css")],
            "scripts": [*context["scripts"], static("ecrf/admin.js")],
            "site_favicons": [{"rel": "icon", "href": static("ecrf/favicon.svg"), "type": "image/svg+xml"}],
        }

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Navigation by floor of the study; what the user may not see is not listed."""
        overview = self._link(request, _("Overview"), "dashboard", reverse("admin:index"))
        first = [overview]
        if may(request.user, Verb.READ):  # type: ignore[arg-type]
            first.append(
                self._link(request, _("Report of efficacy"), "monitoring", reverse("admin:efficacy"))
            )
        if may(request.user, Verb.SIGN):  # type: ignore[arg-type]
            url = reverse("admin:patients_signature_to_sign")
            first.append(self._link(request, _("To sign"), "ink_pen", url))
        if may(request.user, Verb.VERIFY):  # type: ignore[arg-type]
            url = reverse("admin:patients_verification_worklist")
            first.append(self._link(request, _("To be verified"), "fact_check", url))
        groups: list[dict[str, Any]] = [{"title": None, "items": first}]
        for title, collapsible, models in NAVIGATION:
            items = [item for label, icon in models if (item := self._model_link(request, label, icon))]
            if items:
                groups.append({"title": title, "items": items, "collapsible": collapsible, "separator": True})
            if title == NAVIGATION[0][0] and (forms := self._form_links(request)):
                groups.append({"title": _("Forms"), "items": forms, "collapsible": True, "separator": True})
        return groups

    def _form_links(self, request: HttpRequest) -> list[dict[str, Any]]:
        from patients.forms import form_models  # models are not loaded yet when this module is

        links = (self._model_link(request, model._meta.label, "description") for model in form_models())
        return [link for link in links if link]

    def _model_link(self, request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
        label, _mark, query = label.partition("?")
        model = apps.get_model(label)
        page = self._registry.get(model)
        if page is None or not page.has_view_permission(request):
            return None
        meta = model._meta
        url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        title = str(getattr(page, "navigation_title", meta.verbose_name_plural))
        return self._link(request, title[:1].upper() + title[1:], icon, url, f"?{query}" if query else "")

    def _link(self, request: HttpRequest, title: str, icon: str, url: str, query: str = "") -> dict[str, Any]:
        active = request.path == url or (url != reverse("admin:index") and request.path.startswith(url))
        return {"title": title, "icon": icon, "link": url + query, "active": active, "has_permission": True}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Worklists of the own sites."""
        from patients.actions.slots import running_low
        from patients.admin import worklists
        from patients.models import SubjectStatus
        from patients.signatures import to_sign

        user: Any = request.user
        clinical = may(user, Verb.READ)
        today = clock.today(settings.TIME_ZONE)
        found = {
            "clinical": clinical,
            "has_role": user.is_superuser or assignments_today(user).exists(),
            "may_enroll": may(user, Verb.ENROLL),
            "today": today,
            "statuses": SubjectStatus.labels,
            "sites": worklists.subjects_by_site(user) if clinical else [],
            "query_tiles": worklists.query_tiles(user) if clinical else [],
            "query_ageing": worklists.query_ageing(user) if clinical else [],
            "query_lines": worklists.queries_to_answer(user) if clinical else [],
            "overdue": worklists.overdue_visits(user, today) if clinical else [],
            "running_low": running_low(user),
            "to_sign": to_sign(user)[: worklists.SHOWN] if may(user, Verb.SIGN) else [],
            "may_sign": may(user, Verb.SIGN),
            "events": worklists.recent_events(user) if may(user, Verb.READ_AUDIT) else [],
        }
        return super().index(request, {**found, **(extra_context or {})})

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The theme's own search keeps its findings in a cache beyond the user's rights; it is closed."""
        raise Http404

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One's own password, through the action that records it."""
        from ecrf.sessions import ROW
        from trials.admin.account_forms import OwnPasswordForm
        from trials.admin.accounts import change_own_password
        from trials.admin.act import act_page, posted

        user = User.objects.get(pk=request.user.pk)

        def act(typed: dict[str, Any]) -> User:
            changed = change_own_password(user, typed["password"], request.session.get(ROW))
            update_session_auth_hash(request, changed)  # this session stays, all others end
            return changed

        return act_page(
            self._registry[User],
            request,
            form=OwnPasswordForm(posted(request), user=user, request=request),
            act=act,
            said=_("Your password is changed."),
            to=reverse("admin:index"),
            context={
                "title": _("Change your password"),
                "submit": _("Change password"),
                "lead": _("Set an own password first: somebody else knows the present one.")
                if user.must_change_password
                else "",
            },
        )
