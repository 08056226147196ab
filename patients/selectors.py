"""Reads of captured data: scoped to what a user may see, never writing."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from patients.models import (
    Allocation,
    Cycle,
    Demographics,
    Lock,
    LockScope,
    Query,
    QueryMessage,
    QueryState,
    Subject,
    Visit,
)
from trials.clinical.age import completed_years
from trials.clinical.partial_date import parse
from trials.models import Laboratory, ReferenceRange, Site, User
from trials.roles import Verb, scope

PATHS_TO_SITE: dict[type[models.Model], str] = {
    Subject: "site",
    Site: "",
    Lock: "site",
    QueryMessage: "query__subject__site",
}


def path_to_site(model: type[models.Model]) -> str:
    """The lookup that leads from a model of captured data to its site."""
    if model in PATHS_TO_SITE:
        return PATHS_TO_SITE[model]
    names = {field.name for field in model._meta.get_fields()}
    return "subject__site" if "subject" in names else "parent__subject__site"


def visible(model: type[models.Model], user: User, verb: Verb = Verb.READ) -> QuerySet[Any]:
    """The rows of a captured-data model that the user may see today; every face starts from here."""
    return model._default_manager.filter(scope(user, verb).condition(path_to_site(model)))


def locks(user: User) -> QuerySet[Lock]:
    """Freezes and locks that the user may know of: at the own sites, and of the own studies as a whole."""
    where = scope(user, Verb.READ)
    studies = Q(study_id__in=where.studies) | Q(
        study__in=Site.objects.filter(pk__in=where.sites).values("study")
    )
    found = Lock.objects.filter(where.condition("site") | (Q(scope=LockScope.STUDY) & studies))
    return found.select_related("study", "site", "subject", "visit", "set_by", "asked_by", "lifted_by")


def subjects(user: User) -> QuerySet[Subject]:
    """Subjects the user may see, with site and allocation."""
    return visible(Subject, user).select_related("site", "study", "allocation__arm", "previous")


def choosable(noun: Any, site: Site) -> QuerySet[Any]:
    """The protocol items that a form of this site may name: those of its study, of laboratories its own."""
    own = {"site": site} if noun is Laboratory else {}
    return noun._default_manager.filter(study_id=site.study_id, **own)


def current(model: Any, subject: Subject) -> QuerySet[Any]:
    """A subject's forms of one kind that are not entered in error, newest last."""
    return model._default_manager.filter(subject=subject, entered_in_error=False).order_by("id")


def allocation_of(subject: Subject) -> Allocation | None:
    """The subject's allocation, or None before randomization."""
    return Allocation.objects.select_related("arm").filter(subject=subject).first()


def demographics_of(subject: Subject) -> Demographics | None:
    return current(Demographics, subject).last()


def age_range(demographics: Demographics | None, on: date) -> tuple[int, int] | None:
    """Youngest and oldest age in completed years that the recorded birth allows on a day.

    None where no birth is recorded, or one that lies after the day.
    """
    if demographics is None or not demographics.birth:
        return None
    birth = parse(demographics.birth)
    return None if birth.earliest > on else completed_years(birth, on)


def choose_range(
    ranges: list[ReferenceRange], sex: str | None, ages: tuple[int, int] | None
) -> ReferenceRange | None:
    """The one range that certainly applies; None when there is none or it cannot be determined.

    A range for the subject's sex goes before one for both. Unknown sex or an age that may fall on either
    side of a limit leaves only a range that would apply in every case.
    """
    certain = [each for each in ranges if _applies(each, sex, ages)]
    if len(certain) > 1:
        certain = [each for each in certain if each.sex] or certain
    contested = [each for each in ranges if each not in certain and _may_apply(each, sex, ages)]
    if len(certain) != 1 or any(each.sex or not certain[0].sex for each in contested):
        return None
    return certain[0]


def _applies(each: ReferenceRange, sex: str | None, ages: tuple[int, int] | None) -> bool:
    right_sex = not each.sex or each.sex == sex
    whole_life = each.age_from == 0 and each.age_to >= 120
    right_age = whole_life or (ages is not None and each.age_from <= ages[0] and ages[1] <= each.age_to)
    return right_sex and right_age


def _may_apply(each: ReferenceRange, sex: str | None, ages: tuple[int, int] | None) -> bool:
    possible_sex = not each.sex or sex is None or each.sex == sex
    possible_age = ages is None or (each.age_from <= ages[1] and ages[0] <= each.age_to)
    return possible_sex and possible_age


def open_queries(user: User) -> QuerySet[Query]:
    """Open queries at the sites the user may see."""
    return visible(Query, user).filter(state=QueryState.OPEN).select_related("subject__site")


def visits_of(subject: Subject) -> QuerySet[Visit]:
    """The subject's visits in the order of the schedule."""
    return (
        Visit.objects.filter(subject=subject)
        .select_related("definition", "cycle")
        .order_by("planned_on", "id")
    )


def cycles_of(subject: Subject) -> QuerySet[Cycle]:
    return Cycle.objects.filter(subject=subject).order_by("number")
