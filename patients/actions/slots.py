"""The slots of the randomization list: which is next, which are left, and which the keeper took out.

Draws and marks take the same lock first, that of the study's lists: a slot with SKIP LOCKED could be
given out of order. A slot is used when an allocation points to it; a unique key in the database forbids a
second one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain as flatten

from django.conf import settings
from django.db.models import Count, Q

from trials.actions.errors import ListExhausted, Refused, WrongState
from trials.actions.given import needed
from trials.actions.randomization_list import factors_of_study
from trials.audit import clock
from trials.audit.recording import Act, recording
from trials.clinical.stratification import strata_of, stratum_in_words
from trials.models import RandomizationList, RandomizationSlot, Study, StudySetting, UnusableSlot, User
from trials.roles import Verb, require, scope

MAX_MARKED = 100
ALERT_SETTING = "randomization_alert_slots"


@dataclass(frozen=True)
class Drawn:
    """The next free slot, and how many unusable ones lie between it and the last that was used."""

    slot: RandomizationSlot
    passed_over: int


@dataclass(frozen=True)
class Remaining:
    """The slots of one stratum over all lists, for the keeper alone. `low`: a longer list is needed soon."""

    study: str
    stratum: str
    words: str
    free: int
    used: int
    unusable: int
    low: bool


def lists_at_rest(study_id: int) -> list[RandomizationList]:
    """The study's lists in their order, locked until the transaction ends: no draw happens meanwhile."""
    return list(RandomizationList.objects.select_for_update().filter(study_id=study_id).order_by("order"))


def locked_lists(study_id: int) -> list[RandomizationList]:
    """The lists to draw from, locked. Raises WrongState for a demo list outside of demo settings."""
    found = lists_at_rest(study_id)
    if any(each.is_demo for each in found) and not getattr(settings, "DEMO", False):
        raise WrongState("The randomization list is a demonstration list, which this installation refuses.")
    return found


def next_slot(lists: Sequence[RandomizationList], stratum: str) -> Drawn | None:
    """The first slot of the stratum that is neither used nor unusable, in the order of lists and slots.

    None where there is none: no other stratum and no closed list lends one.
    """
    free = (
        RandomizationSlot.objects.select_related("arm", "list", "study")
        .filter(list=each, stratum=stratum, allocation__isnull=True, unusable__isnull=True)
        .order_by("number")[:1]
        for each in lists
        if each.closed_at is None
    )
    slot = next(flatten.from_iterable(free), None)
    return None if slot is None else Drawn(slot, _passed_over(slot))


def _passed_over(slot: RandomizationSlot) -> int:
    """Unusable slots of the stratum between the last that was used, in whichever list, and this one."""
    same = RandomizationSlot.objects.filter(study_id=slot.study_id, stratum=slot.stratum)
    places = same.values_list("list__order", "number")
    used = places.filter(allocation__isnull=False).order_by("-list__order", "-number").first() or (0, 0)
    place = slot.list.order, slot.number
    return sum(used < each < place for each in places.filter(unusable__isnull=False))


def mark_unusable(
    *, actor: User, study: Study, reason: str, stratum: str = "", count: int = 1
) -> list[UnusableSlot]:
    """Take the next free slots of a stratum out, unseen; draws pass over them, and they never come back.

    Raises NotPermitted, ReasonRequired, Refused, ListExhausted.
    """
    role = require(actor, Verb.MANAGE_LIST, study=study)
    reason = needed(reason, "A reason is required for an unusable slot.")
    if type(count) is not int or not 1 <= count <= MAX_MARKED:
        raise Refused({"count": [f"must be a whole number from 1 to {MAX_MARKED}"]})
    factors = factors_of_study(study)
    if stratum not in strata_of(factors):
        raise Refused({"stratum": ["is not a stratum of the study"]})
    with recording(study.chain, Act(actor, role, "mark slots unusable", reason)):
        lists = locked_lists(study.pk)
        made = []
        for _each in range(count):
            drawn = next_slot(lists, stratum)
            if drawn is None:
                raise ListExhausted(stratum_in_words(factors, stratum))
            made.append(_mark(actor, drawn.slot, reason))
    return made


def _mark(actor: User, slot: RandomizationSlot, reason: str) -> UnusableSlot:
    made = UnusableSlot(study=slot.study, slot=slot, reason=reason, marked_by=actor, marked_at=clock.now())
    made.save()
    return made


def remaining(study: Study) -> list[Remaining]:
    """What is left in each stratum of the study; only the keeper may be shown it."""
    factors = factors_of_study(study)
    alert = StudySetting.objects.filter(study=study, key=ALERT_SETTING).first()
    limit = alert.value if alert is not None and isinstance(alert.value, int) else 0
    counts = (
        RandomizationSlot.objects.filter(study=study)
        .order_by()
        .values_list("stratum")
        .annotate(
            left=Count("pk", Q(allocation=None, unusable=None, list__closed_at=None)),
            given=Count("pk", Q(allocation__isnull=False)),
            taken_out=Count("pk", Q(unusable__isnull=False)),
        )
    )
    known = {stratum: (left, given, taken_out) for stratum, left, given, taken_out in counts}
    strata = strata_of(factors)
    lines = []
    for stratum in [*strata, *sorted(known.keys() - set(strata))]:
        left, given, taken_out = known.get(stratum, (0, 0, 0))
        words = stratum_in_words(factors, stratum)
        lines.append(Remaining(study.code, stratum, words, left, given, taken_out, low=left <= limit))
    return lines


def running_low(user: User) -> list[Remaining]:
    """The strata of the user's lists in which a longer list is needed soon; nothing for anybody else."""
    kept = Study.objects.filter(pk__in=scope(user, Verb.MANAGE_LIST).studies).order_by("code")
    return [each for study in kept for each in remaining(study) if each.low]
