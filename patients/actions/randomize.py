"""Randomize: the next free slot of the list, once, for ever."""

from datetime import date, timedelta
from itertools import chain as flatten

from django.conf import settings

from patients.actions.permission import act_on
from patients.actions.schedule import plan_cycle, plan_from
from patients.actions.visits import cycle_days
from patients.derivations.eligibility import eligibility
from patients.facts import Facts
from patients.models import Allocation, Subject, SubjectStatus
from trials.actions.errors import AlreadyRandomized, ListExhausted, NotEligible, WrongState
from trials.audit import clock
from trials.audit.recording import recording
from trials.clinical.undetermined import Undetermined
from trials.models import Anchor, RandomizationList, RandomizationSlot, User
from trials.roles import Verb

NO_STRATUM = ""


def randomize(*, actor: User, subject: Subject) -> Allocation:
    """Give the subject the next free slot, in the order of the lists and of the slots in them.

    Raises NotPermitted, NotEligible (naming each criterion that is not met or cannot be determined),
    AlreadyRandomized, WrongState, ListExhausted (nothing is borrowed from elsewhere). A refusal uses no
    slot.
    """
    act = act_on(subject, actor, Verb.RANDOMIZE, "randomize")
    with recording(subject.chain, act):
        subject = Subject.locked(pk=subject.pk)
        if Allocation.objects.filter(subject=subject).exists():
            raise AlreadyRandomized()
        if subject.status != SubjectStatus.SCREENING:
            raise WrongState(f"The subject is not in screening ({subject.get_status_display()}).")
        # The screening failure may have been voided since then; a person is still randomized only once.
        if Subject.objects.filter(previous=subject).exists():
            raise WrongState("This person was screened again under another code.")
        judged = eligibility(Facts([subject]), subject)
        if not judged.eligible:
            raise NotEligible(judged.refusals)
        slot = _take_next_slot(subject)
        allocation = Allocation(
            subject=subject,
            slot=slot,
            arm=slot.arm,
            randomized_on=clock.today(subject.site.time_zone),
            randomized_at=clock.now(),
        )
        allocation.save()
        subject.status, subject.version = SubjectStatus.RANDOMIZED, subject.version + 1
        subject.save()
        plan_from(subject, Anchor.RANDOMIZATION, allocation.randomized_on, _first_cycle(subject, allocation))
    return allocation


def _first_cycle(subject: Subject, allocation: Allocation) -> date:
    """Plan the first cycle, in an arm that has any; the day up to which other visits are planned."""
    length = cycle_days(allocation)
    if isinstance(length, Undetermined):
        return allocation.randomized_on
    plan_cycle(subject, allocation, 1, allocation.randomized_on)
    return allocation.randomized_on + timedelta(days=2 * length)


def _take_next_slot(subject: Subject) -> RandomizationSlot:
    """The first slot that no allocation holds, under the lock of the study's lists.

    The lists are locked, not the slot: with SKIP LOCKED, commits could be out of order. A slot is used
    when an allocation points to it; a unique key in the database forbids a second one.
    """
    lists = list(
        RandomizationList.objects.select_for_update().filter(study_id=subject.study_id).order_by("order")
    )
    if any(each.is_demo for each in lists) and not getattr(settings, "DEMO", False):
        raise WrongState("The randomization list is a demonstration list, which this installation refuses.")
    free = (
        RandomizationSlot.objects.select_related("arm")
        .filter(list=each, stratum=NO_STRATUM, allocation__isnull=True)
        .order_by("number")[:1]
        for each in lists
    )
    slot = next(flatten.from_iterable(free), None)
    if slot is None:
        raise ListExhausted()
    return slot
