"""What was entered in error stays, goes out of the casebook, and may be entered again."""

from typing import Any

import pytest

from patients.actions.save_form import mark_entered_in_error
from patients.models import (
    Demographics,
    LabSample,
    Query,
    QueryState,
    Subject,
    TumorHistory,
)
from tests.factories import person
from tests.patients.conftest import correct, events_of_casebook
from trials.actions.errors import ReasonRequired, WrongState
from trials.models import Role, Study, User
from trials.roles import NotPermitted


def test_a_form_entered_in_error_stays_and_goes_out_with_its_rows_and_queries(
    coordinator: User, subject: Subject, sample: Any
) -> None:
    form = sample(("ALT", "51", "U/L"), ("HGB", "90", "g/L"))
    assert Query.objects.filter(state=QueryState.OPEN).exists()
    gone = mark_entered_in_error(actor=coordinator, record=form, version=1, reason="wrong subject")
    assert (gone.entered_in_error, gone.version) == (True, 2)
    assert not gone.results.filter(entered_in_error=False).exists()
    assert not Query.objects.filter(state=QueryState.OPEN).exists()
    event = events_of_casebook(subject)[-1]
    assert (event.action, event.reason) == ("enter LB in error", "wrong subject")
    assert LabSample.objects.filter(pk=form.pk).exists()


def test_a_form_entered_in_error_cannot_be_changed_or_voided_again(
    coordinator: User, man_of_59: Demographics
) -> None:
    gone = mark_entered_in_error(actor=coordinator, record=man_of_59, version=1, reason="wrong subject")
    with pytest.raises(WrongState, match="entered in error"):
        correct(coordinator, gone, age=58)
    with pytest.raises(WrongState, match="entered in error"):
        mark_entered_in_error(actor=coordinator, record=gone, version=2, reason="again")


@pytest.mark.requirement("R08")
@pytest.mark.parametrize("reason", ["", "  ", None])
def test_entering_in_error_needs_a_reason(coordinator: User, man_of_59: Demographics, reason: Any) -> None:
    with pytest.raises(ReasonRequired):
        mark_entered_in_error(actor=coordinator, record=man_of_59, version=1, reason=reason)


def test_a_form_may_be_entered_again_after_one_in_error_under_the_next_number(
    coordinator: User, enter: Any, man_of_59: Demographics
) -> None:
    mark_entered_in_error(actor=coordinator, record=man_of_59, version=1, reason="wrong subject")
    again = enter(Demographics, birth="1962-05", age=58, sex="F")
    assert (again.repeat, again.version) == (2, 1)
    assert Demographics.objects.count() == 2


def test_what_does_not_repeat_may_be_entered_again_for_consent_too(coordinator: User, enter: Any) -> None:
    history = enter(TumorHistory, histology="ICC")
    mark_entered_in_error(actor=coordinator, record=history, version=1, reason="wrong subject")
    assert enter(TumorHistory, histology="ICC").repeat == 2


def test_a_form_can_only_be_voided_by_who_may(study: Study, man_of_59: Demographics) -> None:
    for role in (Role.MONITOR, Role.DATA_MANAGER, Role.ADMINISTRATOR):
        with pytest.raises(NotPermitted):
            mark_entered_in_error(actor=person(role, study), record=man_of_59, version=1, reason="x")
