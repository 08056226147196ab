"""Randomize: the next free slot of the list, once, for ever."""

from datetime import date, timedelta

from patients.actions.permission import act_on
from patients.actions.schedule import plan_cycle, plan_from
from patients.actions.slots import locked_lists, next_slot
from patients.actions.visits import cycle_days
from patients.derivations.eligibility import eligibility
from patients.derivations.stratum import Stratum, stratum_of
from patients.facts import Facts
from patients.models import Allocation, Subject, SubjectStatus
from trials.actions.errors import (
    AlreadyRandomized,
    ListExhausted,
    NotEligible,
    StratumUndetermined,
    WrongState,
)
from trials.audit import clock
from trials.audit.recording import recording
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import counted
from trials.models import Anchor, User
from trials.roles import Verb


def randomize(*, actor: User, subject: Subject) -> Allocation:
    """Give the subject the next free slot, in the order of the lists and of the slots in them.

    The stratum is that of the captured data at this moment; it stays with the allocation whatever is
    corrected later. Raises NotPermitted, NotEligible (naming each criterion that is not met or cannot be
    determined), AlreadyRandomized, WrongState, StratumUndetermined (naming what is missing), ListExhausted
    (nothing is borrowed from another stratum or elsewhere). A refusal uses no slot.
    """
    act = act_on(subject, actor, Verb.RANDOMIZE, "randomize")
    with recording(subject.chain, act) as record:
        subject = Subject.locked(pk=subject.pk)
        if Allocation.objects.filter(subject=subject).exists():
            raise AlreadyRandomized()
        if subject.status != SubjectStatus.SCREENING:
            raise WrongState(f"The subject is not in screening ({subject.get_status_display()}).")
        # The screening failure may have been voided since then; a person is still randomized only once.
        if Subject.objects.filter(previous=subject).exists():
            raise WrongState("This person was screened again under another code.")
        facts = Facts([subject])
        judged = eligibility(facts, subject)
        if not judged.eligible:
            raise NotEligible(judged.refusals)
        stratum = _stratum(facts, subject)
        drawn = next_slot(locked_lists(subject.study_id), stratum.code)
        if drawn is None:
            raise ListExhausted(stratum.words)
        if drawn.passed_over:
            record.note(_passed_over(drawn.passed_over))
        allocation = Allocation(
            subject=subject,
            slot=drawn.slot,
            arm=drawn.slot.arm,
            stratum=stratum.code,
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


def _stratum(facts: Facts, subject: Subject) -> Stratum:
    found = stratum_of(facts, subject)
    if isinstance(found, Undetermined):
        raise StratumUndetermined(found.missing)
    return found


def _passed_over(number: int) -> str:
    """What the event says of unusable slots: how many, never which or what they held."""
    return f"{counted(number, 'unusable slot')} of the list passed over."
