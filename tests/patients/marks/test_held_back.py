"""The edit checks on a closed casebook: they ask, and what they would draft waits for the opening."""

import pytest

from patients.actions.locks import lift_freeze
from patients.actions.queries import reviews_held, run_checks
from patients.actions.visits import miss_visit, open_visit
from patients.models import ProtocolDeviation, Query, Subject, Visit
from tests.factories import CONSENT_DAY
from tests.patients.marks.conftest import frozen, locked_forms
from trials.models import User


def checked(actor: User, subject: Subject) -> list[str]:
    """The states of the deviations that rules drafted, after all checks ran."""
    found = Subject.objects.select_related("study", "site", "chain").filter(pk=subject.pk)
    run_checks(actor=actor, subjects=found)
    drafted = ProtocolDeviation.objects.exclude(rule="").filter(subject=subject)
    return list(drafted.values_list("status", flat=True))


def missed(actor: User, subject: Subject) -> None:
    """The screening visit did not take place."""
    visit = Visit.objects.select_related("subject__site", "definition", "cycle").get(subject=subject)
    miss_visit(actor=actor, visit=visit, why="ill", version=visit.version)


@pytest.mark.requirement("R15")
def test_what_a_check_would_draft_into_a_closed_casebook_is_drafted_after_its_opening(
    data_manager: User, coordinator: User, subject: Subject
) -> None:
    with reviews_held():
        missed(coordinator, subject)
    freeze = frozen(data_manager, subject)
    assert checked(data_manager, subject) == []
    assert Query.objects.filter(subject=subject, check_id="EC38e", state="OPEN").exists()
    lift_freeze(actor=data_manager, lock=freeze, version=1, reason="go on")
    assert checked(data_manager, subject) == ["DRAFT"]
    assert checked(data_manager, subject) == ["DRAFT"], "and only once"


def test_a_draft_that_is_frozen_stays_as_it_is_until_it_is_released(
    data_manager: User, coordinator: User, subject: Subject
) -> None:
    missed(coordinator, subject)
    assert checked(data_manager, subject) == ["DRAFT"]
    (freeze,) = locked_forms(data_manager, ProtocolDeviation.objects.get(), kind="FREEZE")
    visit = Visit.objects.select_related("subject__site", "definition", "cycle").get(subject=subject)
    open_visit(
        actor=coordinator,
        visit=visit,
        occurred_on=CONSENT_DAY,
        version=visit.version,
        reason="it did take place",
    )
    assert not Query.objects.filter(check_id="EC38e", state="OPEN").exists()
    assert checked(data_manager, subject) == ["DRAFT"]
    lift_freeze(actor=data_manager, lock=freeze, version=1, reason="go on")
    assert checked(data_manager, subject) == ["REJECTED"]
