"""Reads of the randomization list: everything for its keeper, the published facts for the study team."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from trials.models import RandomizationList, RandomizationSeal, RandomizationSlot, User
from trials.roles import Verb, scope, studies_of


def keeper_lists(user: User) -> QuerySet[RandomizationList]:
    """The lists that the user keeps. Only an assignment gives them, to administrators too."""
    return RandomizationList.objects.filter(study_id__in=scope(user, Verb.MANAGE_LIST).studies)


def keeper_slots(user: User) -> QuerySet[RandomizationSlot]:
    """The slots of the lists that the user keeps, in their order."""
    kept = scope(user, Verb.MANAGE_LIST).studies
    slots = RandomizationSlot.objects.filter(study_id__in=kept).select_related("arm", "list")
    return slots.order_by("list__order", "stratum", "number")


def keeper_seals(user: User) -> QuerySet[RandomizationSeal]:
    """How the lists that the user keeps were made."""
    return RandomizationSeal.objects.filter(study_id__in=scope(user, Verb.MANAGE_LIST).studies)


@dataclass(frozen=True)
class PublishedList:
    """What everybody in the study may know of a list."""

    name: str
    length: int
    algorithm: str
    published_digest: str


def published_lists(user: User) -> list[PublishedList]:
    """Name, length and digest of the lists of the user's studies."""
    lists = RandomizationList.objects.filter(study__in=studies_of(user)).annotate(length=Count("slots"))
    return [
        PublishedList(each.name, each.length, each.algorithm, each.published_digest)
        for each in lists.order_by("study_id", "order")
    ]
