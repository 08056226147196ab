"""Who may do what: one readable table, and the only code that reads it."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.conf import settings
from django.db.models import Q, QuerySet

from trials.audit import clock
from trials.models import Assignment, Role, Site, Study, User


class Verb(StrEnum):
    READ = "read clinical data"
    ENTER = "enter and correct clinical data"
    ENROLL = "enroll a subject"
    RANDOMIZE = "randomize a subject"
    RECORD_RANDOMIZATION_ERROR = "record an error of randomization"
    VOID = "mark a record as entered in error"
    IMPORT = "import clinical data"
    ACCEPT = "accept the reason for a questioned value"
    READ_FREE_TEXT = "read free text and days of birth"
    SIGN = "sign forms"
    VERIFY = "verify forms against their source"
    FREEZE = "freeze forms and release them"
    LOCK = "lock forms, and ask for their unlocking"
    UNLOCK = "agree to the unlocking of forms"
    RAISE_QUERY = "raise a query"
    ANSWER_QUERY = "answer a query"
    CLOSE_QUERY = "close or reopen a query"
    REVIEW_AUDIT = "mark the audit trail as reviewed"
    REQUEST_REDACTION = "ask for a redaction"
    APPROVE_REDACTION = "agree to a redaction"
    EXPORT = "export clinical data"
    READ_AUDIT = "read the audit trail of clinical data"
    CORRECT_RANGE = "correct a reference range"
    READ_PROTOCOL = "read protocol data"
    APPROVE_DOSES = "approve the dose-modification table"
    MANAGE_PROTOCOL = "load protocol data"
    MANAGE_LIST = "keep the randomization list"
    MANAGE_ACCOUNTS = "manage accounts and assignments"


_STATISTICS = {Verb.READ, Verb.READ_AUDIT, Verb.READ_PROTOCOL}
_READER = _STATISTICS | {Verb.READ_FREE_TEXT}
_ENTRY = _READER | {
    Verb.ENTER,
    Verb.ENROLL,
    Verb.VOID,
    Verb.IMPORT,
    Verb.RANDOMIZE,
    Verb.ANSWER_QUERY,
    Verb.REQUEST_REDACTION,
}
_WATCH = _READER | {
    Verb.ACCEPT,
    Verb.FREEZE,
    Verb.RAISE_QUERY,
    Verb.CLOSE_QUERY,
    Verb.REVIEW_AUDIT,
    Verb.REQUEST_REDACTION,
}

ROLES: dict[str, frozenset[Verb]] = {
    # The investigator of the whole study, not of one site, is the principal investigator.
    Role.INVESTIGATOR: frozenset(
        _ENTRY
        | {
            Verb.SIGN,
            Verb.EXPORT,
            Verb.APPROVE_DOSES,
            Verb.UNLOCK,
            Verb.APPROVE_REDACTION,
            Verb.RECORD_RANDOMIZATION_ERROR,
        }
    ),
    Role.COORDINATOR: frozenset(_ENTRY),
    Role.MONITOR: frozenset(_WATCH | {Verb.VERIFY}),
    Role.DATA_MANAGER: frozenset(
        _WATCH
        | {
            Verb.IMPORT,
            Verb.EXPORT,
            Verb.CORRECT_RANGE,
            Verb.LOCK,
            Verb.UNLOCK,
            Verb.APPROVE_REDACTION,
            Verb.RECORD_RANDOMIZATION_ERROR,
        }
    ),
    # De-identified: coded answers, numbers and dates, but no free text and no day of birth.
    Role.STATISTICIAN: frozenset(_STATISTICS | {Verb.EXPORT}),
    Role.RANDOMIZATION_KEEPER: frozenset({Verb.READ_PROTOCOL, Verb.MANAGE_LIST}),
    # No clinical entry and no clinical reading: an administrator runs the system, not the trial.
    Role.ADMINISTRATOR: frozenset({Verb.READ_PROTOCOL, Verb.MANAGE_PROTOCOL, Verb.MANAGE_ACCOUNTS}),
}

# Verbs that belong to a study rather than to a site: an assignment to one site does not give them.
STUDY_WIDE = frozenset(
    {
        Verb.APPROVE_DOSES,
        Verb.CORRECT_RANGE,
        Verb.MANAGE_PROTOCOL,
        Verb.MANAGE_LIST,
        Verb.MANAGE_ACCOUNTS,
        Verb.UNLOCK,
        Verb.APPROVE_REDACTION,
    }
)

# Who only reads, or sets the installation up, may begin before the training is recorded; nobody else
# (21 CFR 11.10(i)).
WITHOUT_TRAINING = frozenset(
    {
        Verb.READ,
        Verb.READ_AUDIT,
        Verb.READ_FREE_TEXT,
        Verb.READ_PROTOCOL,
        Verb.MANAGE_PROTOCOL,
        Verb.MANAGE_ACCOUNTS,
    }
)


READING = frozenset({Verb.READ, Verb.READ_FREE_TEXT, Verb.READ_AUDIT, Verb.READ_PROTOCOL, Verb.EXPORT})
"""What a token that only reads leaves of its owner's rights."""


@dataclass(frozen=True)
class Limits:
    """What a token leaves of its owner's rights: one site, some forms (by OID), reading. It adds nothing."""

    site: Site | None = None
    forms: frozenset[str] = frozenset()
    read_only: bool = False

    def allow(self, verb: Verb) -> bool:
        return verb in READING or not self.read_only

    def narrow(self, assignments: Iterable[Assignment]) -> list[Assignment]:
        """The assignments as far as they reach the site; a study-wide one becomes one for the site."""
        if self.site is None:
            return list(assignments)
        return [narrowed for each in assignments if (narrowed := _at(self.site, each))]


def _at(site: Site, assignment: Assignment) -> Assignment | None:
    if assignment.site_id == site.pk:
        return assignment
    if assignment.site_id is not None or assignment.study_id != site.study_id:
        return None
    narrowed = copy(assignment)  # never saved: it says what the token leaves
    narrowed.site = site
    return narrowed


def roles_with(verb: Verb) -> list[Role]:
    """The roles that may do something, in the order of the table."""
    return [Role(role) for role, verbs in ROLES.items() if verb in verbs]


class NotPermitted(PermissionError):
    """The user's roles do not allow the act."""

    def __init__(self, verb: Verb, *, untrained: bool = False) -> None:
        self.verb = verb
        why = (
            "The training for your role is not recorded"
            if untrained
            else f"Your role does not allow you to {verb.value}"
        )
        super().__init__(f"{why}.")


@dataclass(frozen=True)
class Scope:
    """Where a user may do something: whole studies, and single sites."""

    studies: frozenset[int]
    sites: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.studies or self.sites)

    def covers(self, site: Site) -> bool:
        return site.study_id in self.studies or site.pk in self.sites

    def condition(self, path: str = "site") -> Q:
        """A filter for rows whose `path` leads to a site; an empty path means the sites themselves."""
        if not path:
            return Q(study_id__in=self.studies) | Q(pk__in=self.sites)
        return Q(**{f"{path}__study_id__in": self.studies}) | Q(**{f"{path}__in": self.sites})


def _today() -> date:
    """The day of the installation: an assignment begins and ends at midnight there, not in UTC."""
    return clock.today(settings.TIME_ZONE)


def assignments_today(user: User) -> QuerySet[Assignment]:
    """The user's assignments in force now, none for an account that is closed or has expired."""
    if not user.is_active or not user.pk or user.has_expired:
        return Assignment.objects.none()
    day = _today()
    in_force = Q(valid_to__isnull=True) | Q(valid_to__gte=day)
    return Assignment.objects.filter(in_force, user=user, valid_from__lte=day)


def _assignments(user: User) -> list[Assignment]:
    if not user.is_active:
        return []
    # One query for each request: a request builds its user anew, so rights are never older than that.
    day = _today()
    cached: tuple[object, list[Assignment]] | None = user.__dict__.get("_assignments_of_day")
    if cached is None or cached[0] != day:
        held = assignments_today(user)
        cached = (day, user.limits.narrow(held) if user.limits else list(held))
        user.__dict__["_assignments_of_day"] = cached
    return cached[1]


def gives(assignment: Assignment, verb: Verb) -> bool:
    """Whether an assignment in force allows this: by its role, and by its training where that is needed."""
    return verb in ROLES[assignment.role] and (verb in WITHOUT_TRAINING or is_trained(assignment))


def is_trained(assignment: Assignment) -> bool:
    return assignment.trained_on is not None and assignment.trained_on <= _today()


def scope(user: User, verb: Verb, roles: Iterable[str] | None = None) -> Scope:
    """Where the user may do this today; with `roles`, under one of these alone."""
    if user.limits and not user.limits.allow(verb):
        return Scope(frozenset(), frozenset())
    granted = [each for each in _assignments(user) if gives(each, verb)]
    if roles is not None:
        granted = [each for each in granted if each.role in set(roles)]
    return Scope(
        studies=frozenset(each.study_id for each in granted if each.site_id is None),
        sites=frozenset(
            each.site_id for each in granted if each.site_id is not None and verb not in STUDY_WIDE
        ),
    )


def may(user: User, verb: Verb, *, site: Site | None = None, study: Study | None = None) -> bool:
    """Whether the user may do this at the site, in the study, or (neither given) anywhere."""
    if runs_installation(user, verb):
        return True
    where = scope(user, verb)
    if site is not None:
        return where.covers(site)
    if study is not None:
        return study.pk in where.studies
    return bool(where)


def roles_for(user: User, verb: Verb, site: Site) -> list[str]:
    """Every role under which the user may do this at the site, in the order of the assignments."""
    if user.limits and not user.limits.allow(verb):
        return []
    return [
        each.role
        for each in _assignments(user)
        if gives(each, verb)
        and each.study_id == site.study_id
        and (each.site_id is None or (each.site_id == site.pk and verb not in STUDY_WIDE))
    ]


def require(user: User, verb: Verb, *, site: Site | None = None, study: Study | None = None) -> str:
    """The role under which the user acts. Raises NotPermitted."""
    if user.is_system:
        return "SYSTEM"
    if user.limits and not user.limits.allow(verb):
        raise NotPermitted(verb)
    untrained = False
    for each in _assignments(user):
        own_site = site is not None and each.site_id == site.pk and verb not in STUDY_WIDE
        at_place = each.site_id is None or own_site
        wanted_study = site.study_id if site is not None else study.pk if study is not None else each.study_id
        if verb in ROLES[each.role] and each.study_id == wanted_study and at_place:
            if gives(each, verb):
                return each.role
            untrained = True
    if runs_installation(user, verb):
        return Role.ADMINISTRATOR
    raise NotPermitted(verb, untrained=untrained)


def require_within(user: User, verb: Verb, study: Study) -> str:
    """The role under which the user acts on many sites: of one of them, else of the study.

    Raises NotPermitted. It says that the user may act somewhere in the study; which rows, `scope` says.
    """
    for site in sites_of(user).filter(study=study):
        try:
            return require(user, verb, site=site)
        except NotPermitted:
            continue
    return require(user, verb, study=study)


def runs_installation(user: User, verb: Verb = Verb.READ_PROTOCOL) -> bool:
    """Whether the user administers the whole installation and may do this as such."""
    if not user.is_superuser or not user.is_active or user.has_expired:
        return False
    if user.limits and (user.limits.site is not None or not user.limits.allow(verb)):
        return False
    return verb in ROLES[Role.ADMINISTRATOR]


def studies_of(user: User, verbs: Iterable[Verb] = (Verb.READ_PROTOCOL,)) -> QuerySet[Study]:
    """The studies whose protocol data the user may read."""
    if runs_installation(user):
        return Study.objects.all()
    granted = {each.study_id for each in _assignments(user) if any(gives(each, verb) for verb in verbs)}
    return Study.objects.filter(pk__in=granted)


def sites_of(user: User) -> QuerySet[Site]:
    """The sites a user may know of: all of the study for study-wide roles, else the user's own."""
    if runs_installation(user):
        return Site.objects.all()
    own = {each.site_id for each in _assignments(user) if each.site_id is not None}
    wide = {each.study_id for each in _assignments(user) if each.site_id is None}
    return Site.objects.filter(Q(pk__in=own) | Q(study_id__in=wide))
