"""Reference ranges: read by everybody of the study, corrected by the data manager, impact first."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.correct_range import correct_range
from trials.actions.errors import Refused
from trials.admin.act import ReasonField, act_page, day_field, posted, show_errors, status_of
from trials.admin.base import WRITING, StudyAdmin, user_of
from trials.admin.protocol import ranges_in_reach
from trials.clinical.words import printed_unit
from trials.models import ReferenceRange, Sex, User
from trials.roles import NotPermitted, Verb, may
from trials.text import plain

LIMIT: dict[str, Any] = {"max_digits": 12, "decimal_places": 4, "required": False}
AGE: dict[str, Any] = {"min_value": 0, "max_value": 150}


class RangeForm(forms.Form):
    """The range as it should have been."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    low = forms.DecimalField(label=gettext_lazy("Lower limit of normal"), **LIMIT)
    high = forms.DecimalField(label=gettext_lazy("Upper limit of normal"), **LIMIT)
    sex = forms.ChoiceField(
        label=gettext_lazy("Sex"), required=False, choices=[("", gettext_lazy("both")), *Sex.choices]
    )
    age_from = forms.IntegerField(label=gettext_lazy("From age, completed years"), **AGE)
    age_to = forms.IntegerField(label=gettext_lazy("To age, completed years"), **AGE)
    valid_from = day_field(gettext_lazy("Valid from"))
    valid_to = day_field(gettext_lazy("Valid to"), required=False)
    change_reason = ReasonField()

    def changes(self) -> dict[str, Any]:
        """What differs from the range that was shown."""
        return {
            name: self.cleaned_data[name]
            for name in self.changed_data
            if name not in ("version", "change_reason") and name in self.cleaned_data
        }


@admin.register(ReferenceRange)
class ReferenceRangePage(StudyAdmin):
    list_display = (
        "test",
        "laboratory",
        "sex",
        "age_from",
        "age_to",
        "lower",
        "upper",
        "printed",
        "valid_from",
        "valid_to",
    )
    search_fields = ("test__code", "test__name", "laboratory__code")
    ordering = ("laboratory__code", "test__order", "sex", "valid_from")
    change_form_template = "study/reference_range.html"

    @admin.display(description=gettext_lazy("Low"), empty_value="—")
    def lower(self, record: ReferenceRange) -> str | None:
        return plain(record.low) or None

    @admin.display(description=gettext_lazy("High"), empty_value="—")
    def upper(self, record: ReferenceRange) -> str | None:
        return plain(record.high) or None

    @admin.display(description=gettext_lazy("Unit"))
    def printed(self, record: ReferenceRange) -> str:
        return printed_unit(record.unit or "")

    def visible_to(self, user: User) -> QuerySet[ReferenceRange]:
        reach = ReferenceRange.objects.filter(ranges_in_reach(user))
        return reach.select_related("study__chain", "laboratory__site", "test")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.correct_view)
        return [path("<int:pk>/correct/", view, name="trials_referencerange_correct"), *super().get_urls()]

    def beside(self, request: HttpRequest, record: ReferenceRange) -> dict[str, Any]:
        return {"may_correct": may(user_of(request), Verb.CORRECT_RANGE)}

    def correct_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """First "Show the impact", which keeps nothing; then the correction with its reason."""
        self.enter(request, WRITING)
        found, actor = self.found(request, pk), user_of(request)
        if not may(actor, Verb.CORRECT_RANGE, study=found.study):
            raise PermissionDenied
        form = RangeForm(posted(request), initial=_initial(found))
        context = {
            "title": _("Correct the reference range %(name)s") % {"name": found},
            "lead": _("All results that used the range, or may use it now, are flagged anew."),
            "submit": _("Correct range"),
            "back_url": reverse("admin:trials_referencerange_change", args=[found.pk]),
        }
        if "_preview" in request.POST:
            return self._preview(request, found, form, context)
        return act_page(
            self,
            request,
            form=form,
            act=lambda typed: correct_range(
                actor=actor,
                reference_range=found,
                version=typed["version"],
                changes=form.changes(),
                reason=typed["change_reason"],
            ),
            said=lambda changed: (
                _("The range is corrected; results flagged anew: %(count)s.") % {"count": len(changed)}
            ),
            to=context["back_url"],
            context=context,
            template="study/correct_range.html",
        )

    def _preview(
        self, request: HttpRequest, found: ReferenceRange, form: RangeForm, context: dict[str, Any]
    ) -> HttpResponse:
        status, impact = 200, None
        if form.is_valid():
            try:
                impact = correct_range(
                    actor=user_of(request),
                    reference_range=found,
                    version=form.cleaned_data["version"],
                    changes=form.changes(),
                    dry_run=True,
                )
            except NotPermitted as refusal:
                raise PermissionDenied from refusal
            except Refused as refusal:
                show_errors(form, refusal.errors)
                status = status_of(refusal)
        shown = {"form": form, "impact": impact, "previewed": impact is not None, **context}
        return self.page(request, "study/correct_range.html", shown, status=status)


def _initial(found: ReferenceRange) -> dict[str, Any]:
    names = ("version", "sex", "age_from", "age_to", "valid_from", "valid_to")
    limits = {"low": found.low, "high": found.high}
    return {
        **{name: getattr(found, name) for name in names},
        # Without the zeros that the column adds: a form compares what was typed with what was shown.
        **{name: None if limit is None else Decimal(plain(limit)) for name, limit in limits.items()},
    }
