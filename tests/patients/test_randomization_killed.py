"""A process that is killed in the middle of a randomization leaves no slot used and none left out."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from patients.actions import randomize as act
from patients.actions.randomization_faults import faults_of_use
from patients.actions.randomize import randomize
from patients.actions.slots import mark_unusable
from patients.models import Allocation, Subject, SubjectStatus, Visit
from tests.factories import coordinator_of, make_site, make_study, screened_subject
from tests.patients.strata import keeper_of, sealed_list
from trials.audit import recording
from trials.models import AuditEvent, UnusableSlot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R43")]


def killed(work: Callable[[], Any], prepare: Callable[[], None]) -> None:
    """Do the work in a process of its own that kills itself where `prepare` says; nothing is cleaned up."""
    connections.close_all()  # the child opens its own: a connection is never shared
    child = os.fork()
    if child == 0:
        try:
            prepare()
            work()
        finally:
            os._exit(1)  # not reached: the process is gone before
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def kill(*_arguments: Any, **_options: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def while_visits_are_planned() -> None:
    """The slot is taken and the allocation written; the transaction is open."""
    act.plan_from = kill  # type: ignore[assignment]


def before_the_commit() -> None:
    """The event is written as well; what is left is the commit."""
    close = recording._close

    def closed(record: Any) -> None:
        close(record)
        kill()

    recording._close = closed


@pytest.mark.parametrize("moment", [while_visits_are_planned, before_the_commit])
def test_a_killed_randomization_leaves_no_gap(moment: Callable[[], None]) -> None:
    site = make_site(make_study())
    coordinator = coordinator_of(site)
    sealed_list(site.study, {"": "ABBA"})
    first, second = (screened_subject(coordinator, site) for _ in range(2))
    randomize(actor=coordinator, subject=first)

    killed(lambda: randomize(actor=coordinator, subject=second), moment)

    second = Subject.objects.get(pk=second.pk)
    assert second.status == SubjectStatus.SCREENING
    assert Allocation.objects.count() == 1
    assert not Visit.objects.filter(subject=second, cycle__isnull=False).exists()
    assert AuditEvent.objects.filter(action="randomize").count() == 1
    # The lock of the killed process is gone with it, and its slot is the next one.
    third = screened_subject(coordinator, site)
    assert randomize(actor=coordinator, subject=third).slot.number == 2
    assert randomize(actor=coordinator, subject=second).slot.number == 3
    assert list(faults_of_use(site.study)) == []


def test_a_killed_mark_takes_no_slot_out() -> None:
    site = make_site(make_study())
    keeper, coordinator = keeper_of(site.study), coordinator_of(site)
    sealed_list(site.study, {"": "AB"}, keeper=keeper)
    subject = screened_subject(coordinator, site)

    killed(lambda: mark_unusable(actor=keeper, study=site.study, reason="kit"), before_the_commit)

    assert not UnusableSlot.objects.exists()
    assert randomize(actor=coordinator, subject=subject).slot.number == 1
