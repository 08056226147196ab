"""What lists of captured data can be asked for; one set of filters for every form."""

from datetime import date
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet

from patients.forms import Item, definition_of
from patients.models import EntryState, Subject, SubjectStatus, Visit, VisitStatus
from patients.selectors import path_to_site
from patients.withheld import readable_by
from trials.clinical.partial_date import FIRST_YEAR, LAST_YEAR

YES_OR_NO = [("true", "true"), ("false", "false")]


def first_date(model: Any) -> Item | None:
    """The first date that a form asks for: the day that it is about. A birth is none."""
    items = (item for item in definition_of(model).items if not item.identifying)
    return next((item for item in items if item.kind in ("date", "partial date")), None)


def of_external_id(found: QuerySet[Any], request: Any, value: str) -> QuerySet[Any]:
    """Those with an identifier of another system, among the rows whose identifiers the user may read."""
    readable = readable_by(request.user)
    return found.filter(readable.condition(path_to_site(found.model)), external_id=value)


class DayFilter(django_filters.DateFilter):
    """A day that a clinical date can be; another one is refused by the parameter's name."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        span = [MinValueValidator(date(FIRST_YEAR, 1, 1)), MaxValueValidator(date(LAST_YEAR, 12, 31))]
        super().__init__(*arguments, **options, validators=span)


class OfSubject(django_filters.FilterSet):
    """Lists of what belongs to subjects."""

    study = django_filters.CharFilter("subject__study__code", label="Code of the study")
    site = django_filters.CharFilter("subject__site__code", label="Code of the site")
    subject = django_filters.CharFilter("subject__code", label="Code of the subject")


class FormFilters(OfSubject):
    """Lists of one form. Dates compare with the form's first date; a partial date with what it may mean."""

    visit = django_filters.CharFilter("visit__code", label="Code of the visit")
    date = DayFilter(method="on", label="The form's first date is, or may be, this day")
    date_from = DayFilter(method="since", label="The form's first date is this day or later")
    date_to = DayFilter(method="until", label="The form's first date is this day or earlier")
    entry_state = django_filters.ChoiceFilter(choices=EntryState.choices)
    external_id = django_filters.CharFilter(method="identified", label="Identifier in the sending system")
    entered_in_error = django_filters.ChoiceFilter(
        method="voided",
        choices=[*YES_OR_NO, ("include", "include")],
        label="Records entered in error: false leaves them out (default), true shows only them",
    )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("entered_in_error"):
            return found.filter(entered_in_error=False)
        return found

    def identified(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return of_external_id(queryset, self.request, value)

    def voided(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset if value == "include" else queryset.filter(entered_in_error=value == "true")

    def on(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return self.until(self.since(queryset, name, value), name, value)

    def since(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        item = self._first_date(queryset, name)
        last = f"{item.name}_latest" if item.kind == "partial date" else item.name
        return queryset.filter(**{f"{last}__gte": value})

    def until(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        item = self._first_date(queryset, name)
        first = f"{item.name}_earliest" if item.kind == "partial date" else item.name
        return queryset.filter(**{f"{first}__lte": value})

    def _first_date(self, queryset: QuerySet[Any], name: str) -> Item:
        item = first_date(queryset.model)
        if item is None:
            raise ValidationError({name: "this form asks for no date"})
        return item


class SubjectFilters(django_filters.FilterSet):
    study = django_filters.CharFilter("study__code", label="Code of the study")
    site = django_filters.CharFilter("site__code", label="Code of the site")
    status = django_filters.ChoiceFilter(choices=SubjectStatus.choices)
    randomized = django_filters.ChoiceFilter(method="allocated", choices=YES_OR_NO)
    arm = django_filters.CharFilter("allocation__arm__code", label="Code of the arm")
    search = django_filters.CharFilter("code", lookup_expr="icontains", label="Part of the code")
    external_id = django_filters.CharFilter(method="identified", label="Identifier in the sending system")

    class Meta:
        model = Subject
        fields: list[str] = []

    def identified(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return of_external_id(queryset, self.request, value)

    def allocated(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(allocation__isnull=value == "false")


class VisitFilters(OfSubject):
    code = django_filters.CharFilter(label="Code of the visit")
    status = django_filters.ChoiceFilter(choices=VisitStatus.choices)
    date_from = DayFilter(method="since", label="Took place, or is planned, on or after")
    date_to = DayFilter(method="until", label="Took place, or is planned, on or before")

    class Meta:
        model = Visit
        fields: list[str] = []

    def since(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(Q(occurred_on__gte=value) | Q(occurred_on__isnull=True, planned_on__gte=value))

    def until(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(Q(occurred_on__lte=value) | Q(occurred_on__isnull=True, planned_on__lte=value))
