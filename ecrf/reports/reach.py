"""Which study a person may have reported, and about whose subjects."""

from django.db.models import Q, QuerySet

from trials.models import Site, Study, User
from trials.roles import Verb, scope


def studies_in_reach(user: User) -> QuerySet[Study]:
    """The studies of which the user reads at least one site."""
    where = scope(user, Verb.READ)
    return (
        Study.objects.filter(Q(pk__in=where.studies) | Q(sites__in=where.sites)).distinct().order_by("code")
    )


def population(user: User, study: Study) -> str:
    """Whose subjects a report for this user is about, in words."""
    where = scope(user, Verb.READ)
    if study.pk in where.studies:
        return "all sites"
    own = Site.objects.filter(study=study, pk__in=where.sites).order_by("code")
    return f"only the subjects of {', '.join(own.values_list('code', flat=True))}"
