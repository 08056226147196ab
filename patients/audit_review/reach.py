"""Whose audit trails a user may read: casebooks and sites in scope, the study, the installation."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from patients.models import Subject
from patients.selectors import visible
from trials.models import AuditEvent, ChainKind, Site, Study, User
from trials.roles import Verb, may, scope


@dataclass(frozen=True)
class Place:
    """Where an event was recorded: a casebook, a site, a study, or (all None) the installation."""

    subject: Subject | None = None
    site: Site | None = None
    study: Study | None = None

    @property
    def words(self) -> str:
        return str(self.subject or self.site or self.study or "")

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the site, or of the installation where there is no site."""
        return ZoneInfo(self.site.time_zone if self.site is not None else settings.TIME_ZONE)


class Reach:
    """The chains that a user may read, and in whose of them the free text."""

    def __init__(self, user: User, verb: Verb = Verb.READ_AUDIT) -> None:
        self.user, self.verb = user, verb
        self.granted = scope(user, verb)

    def __bool__(self) -> bool:
        return bool(self.granted) or self.manages

    @property
    def manages(self) -> bool:
        """Administrators read what is recorded of the study and of accounts; it holds nothing clinical."""
        return self.verb is Verb.READ_AUDIT and may(self.user, Verb.MANAGE_ACCOUNTS)

    @property
    def subjects(self) -> QuerySet[Subject]:
        found: QuerySet[Subject] = visible(Subject, self.user, self.verb)
        return found

    @property
    def sites(self) -> QuerySet[Site]:
        found: QuerySet[Site] = visible(Site, self.user, self.verb)
        return found

    @property
    def studies(self) -> QuerySet[Study]:
        """The studies whose own chain may be read; a role at one site is not enough."""
        if self.manages and self.user.is_superuser:
            return Study.objects.all()
        managed = scope(self.user, Verb.MANAGE_ACCOUNTS).studies if self.manages else frozenset()
        return Study.objects.filter(pk__in=self.granted.studies | managed)

    def studies_known(self) -> QuerySet[Study]:
        """The studies that the user may name in a question: where any chain is in reach."""
        wide = Q(pk__in=self.studies.values("pk"))
        return Study.objects.filter(wide | Q(pk__in=self.sites.order_by().values("study_id")))

    def chains(self) -> Q:
        """The events of every chain in reach."""
        found = Q(chain_id__in=self.subjects.order_by().values("chain_id"))
        found |= Q(chain_id__in=self.sites.order_by().values("chain_id"))
        found |= Q(chain_id__in=self.studies.order_by().values("chain_id"))
        if self.manages:
            found |= Q(chain__kind=ChainKind.SYSTEM)
        return found

    def events(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.filter(self.chains())

    def reads_text(self, place: Place) -> bool:
        """Whether what was typed in words of their own is shown; elsewhere nothing is said of subjects."""
        return place.site is None or may(self.user, Verb.READ_FREE_TEXT, site=place.site)


def places(chains: set[int]) -> dict[int, Place]:
    """Where the chains belong; three queries."""
    found: dict[int, Place] = {}
    related: Any = Subject.objects.filter(chain_id__in=chains).select_related("site__study", "study")
    for subject in related:
        found[subject.chain_id] = Place(subject, subject.site, subject.study)
    for site in Site.objects.filter(chain_id__in=chains).select_related("study"):
        found[site.chain_id] = Place(None, site, site.study)
    for study in Study.objects.filter(chain_id__in=chains):
        found[study.chain_id] = Place(None, None, study)
    return {chain: found.get(chain, Place()) for chain in chains}
