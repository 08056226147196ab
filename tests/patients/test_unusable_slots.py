"""Slots that the keeper takes out, unseen: draws pass over them, visibly, and over no others."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from patients.actions.randomize import randomize
from patients.actions.slots import mark_unusable, remaining, running_low
from patients.models import Allocation, Subject
from tests.factories import coordinator_of, make_site, make_study, person, save, screened_subject
from tests.patients.conftest import events_of_casebook
from tests.patients.strata import keeper_of, screened_in, sealed_list, stratified_site
from tests.together import together
from trials.actions.errors import ListExhausted, ReasonRequired, Refused, WrongState
from trials.actions.randomization_list import close_list
from trials.audit.context import NotRecording
from trials.models import AuditEvent, Role, Site, Study, StudySetting, UnusableSlot, User
from trials.roles import NotPermitted

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R43")]


@pytest.fixture
def keeper(study: Study) -> User:
    return keeper_of(study)


@pytest.fixture
def draw(coordinator: User, site: Site) -> Callable[[], Allocation]:
    """Screen one more subject and randomize it."""
    return lambda: randomize(actor=coordinator, subject=screened_subject(coordinator, site))


def take_out(keeper: User, study: Study, count: int = 1, stratum: str = "") -> list[UnusableSlot]:
    return mark_unusable(actor=keeper, study=study, count=count, stratum=stratum, reason="kit destroyed")


def test_a_draw_passes_over_unusable_slots_and_says_how_many(
    study: Study, keeper: User, draw: Callable[[], Allocation]
) -> None:
    sealed_list(study, {"": "ABBAB"}, keeper=keeper)
    assert draw().slot.number == 1
    marked = take_out(keeper, study, count=2)
    assert [each.slot.number for each in marked] == [2, 3]
    given = draw()
    assert (given.slot.number, given.arm.code) == (4, "A")
    event = events_of_casebook(given.subject)[-1]
    assert (event.action, event.note) == ("randomize", "2 unusable slots of the list passed over.")
    after = draw()
    assert after.slot.number == 5
    assert events_of_casebook(after.subject)[-1].note == ""


def test_slots_taken_out_at_the_end_of_a_list_are_counted_with_the_next_one(
    study: Study, keeper: User, draw: Callable[[], Allocation]
) -> None:
    sealed_list(study, {"": "AB"}, "list 1", keeper)
    sealed_list(study, {"": "BA"}, "list 2", keeper)
    draw()
    take_out(keeper, study, count=2)
    given = draw()
    assert (given.slot.list.name, given.slot.number) == ("list 2", 2)
    assert events_of_casebook(given.subject)[-1].note == "2 unusable slots of the list passed over."


def test_a_mark_is_one_event_of_the_study_with_reason_and_without_arms(study: Study, keeper: User) -> None:
    sealed_list(study, {"": "ABBAB"}, keeper=keeper)
    [marked] = take_out(keeper, study)
    assert (marked.reason, marked.marked_by) == ("kit destroyed", keeper)
    [event] = AuditEvent.objects.filter(action="mark slots unusable")
    assert (event.actor, event.chain, event.reason, event.rows) == (keeper, study.chain, "kit destroyed", 1)
    row = UnusableSlot.history.values().get()
    assert "arm" not in json.dumps(sorted(row))


def test_an_unusable_slot_never_comes_back(study: Study, keeper: User) -> None:
    sealed_list(study, {"": "AB"}, keeper=keeper)
    [marked] = take_out(keeper, study)
    marked.reason = "found again"
    with pytest.raises(NotRecording, match="written once"):
        save(study.chain, marked)
    with pytest.raises(NotRecording):
        marked.delete()
    with pytest.raises(NotRecording):
        UnusableSlot.objects.all().delete()


def test_marks_keep_to_their_stratum() -> None:
    site = stratified_site()
    keeper, coordinator = keeper_of(site.study), coordinator_of(site)
    sealed_list(site.study, {"ECOG=0": "AB", "ECOG=1": "BA"}, keeper=keeper)
    take_out(keeper, site.study, stratum="ECOG=1")
    given = [
        randomize(actor=coordinator, subject=screened_in(coordinator, site, grade)).slot.number
        for grade in ("0", "1")
    ]
    assert given == [1, 2]


@pytest.mark.parametrize("count", [0, -1, 101, True, "1"])
def test_a_number_of_slots_is_a_small_whole_number(study: Study, keeper: User, count: Any) -> None:
    sealed_list(study, {"": "AB"}, keeper=keeper)
    with pytest.raises(Refused) as refusal:
        take_out(keeper, study, count=count)
    assert "count" in refusal.value.errors


def test_more_than_there_are_marks_none(study: Study, keeper: User) -> None:
    sealed_list(study, {"": "AB"}, keeper=keeper)
    with pytest.raises(ListExhausted):
        take_out(keeper, study, count=3)
    with pytest.raises(Refused, match="not a stratum"):
        take_out(keeper, study, stratum="ECOG=1")
    with pytest.raises(ReasonRequired):
        mark_unusable(actor=keeper, study=study, reason="")
    assert not UnusableSlot.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.RANDOMIZATION_KEEPER])
def test_nobody_but_the_keeper_marks_slots(study: Study, keeper: User, role: Role) -> None:
    sealed_list(study, {"": "AB"}, keeper=keeper)
    with pytest.raises(NotPermitted):
        take_out(person(role, study), study)
    assert not UnusableSlot.objects.exists()


def test_nothing_is_drawn_from_a_closed_list(
    study: Study, keeper: User, draw: Callable[[], Allocation]
) -> None:
    first = sealed_list(study, {"": "AAAA"}, "list 1", keeper)
    draw()
    close_list(actor=keeper, randomization_list=first, reason="printed and lost")
    with pytest.raises(ListExhausted):
        draw()
    sealed_list(study, {"": "B"}, "list 2", keeper)
    assert draw().slot.list.name == "list 2"


def test_what_is_left_is_counted_for_the_keeper_alone(
    study: Study, keeper: User, draw: Callable[[], Allocation]
) -> None:
    alert = {"value": 2, "default": 2, "description": "Slots"}
    save(study.chain, StudySetting(study=study, key="randomization_alert_slots", **alert))
    sealed_list(study, {"": "ABABA"}, keeper=keeper)
    draw()
    take_out(keeper, study)
    [line] = remaining(study)
    assert (line.free, line.used, line.unusable, line.low) == (3, 1, 1, False)
    assert running_low(keeper) == []
    draw()
    [line] = running_low(keeper)
    assert (line.free, line.low) == (2, True)
    others = [person(role, study) for role in Role if role != Role.RANDOMIZATION_KEEPER]
    others += [keeper_of(make_study("OTHER")), User.objects.create_superuser("root", "a long pass-phrase")]
    lists = [running_low(other) for other in others]
    assert all(line.study != study.code for found in lists for line in found)


def test_a_study_without_any_list_is_told_to_its_keeper(study: Study, keeper: User) -> None:
    [line] = running_low(keeper)
    assert (line.free, line.used, line.low) == (0, 0, True)


@pytest.mark.django_db(transaction=True)
def test_marks_and_draws_at_once_share_no_slot_and_leave_no_gap() -> None:
    site = make_site(make_study())
    keeper, actor = keeper_of(site.study), coordinator_of(site)
    sealed_list(site.study, {"": "ABBA" * 5}, keeper=keeper)
    subjects = [screened_subject(actor, site) for _ in range(20)]
    draws = [lambda subject=subject: randomize(actor=actor, subject=subject) for subject in subjects]
    marks = [lambda: take_out(keeper, site.study) for _ in range(6)]
    # Mixed, so that marks fall between draws.
    work = [piece for pair in zip(draws[:6], marks, strict=True) for piece in pair] + draws[6:]

    made = together(*work)

    kinds = [type(each).__name__ for each in made]
    used = sorted(Allocation.objects.values_list("slot__number", flat=True))
    out = sorted(UnusableSlot.objects.values_list("slot__number", flat=True))
    assert not set(used) & set(out)
    assert sorted(used + out) == list(range(1, 21))
    assert kinds.count("ListExhausted") == 26 - 20
    in_order = Allocation.objects.order_by("id").values_list("slot__number", flat=True)
    assert list(in_order) == used
    told = sum(
        int(note.split()[0])
        for note in AuditEvent.objects.filter(action="randomize").values_list("note", flat=True)
        if note
    )
    assert told == sum(1 for number in out if number < max(used))


@pytest.mark.django_db(transaction=True)
def test_a_list_that_is_closed_while_draws_wait_gives_nothing_afterwards() -> None:
    site = make_site(make_study())
    keeper, actor = keeper_of(site.study), coordinator_of(site)
    kept = sealed_list(site.study, {"": "ABBA" * 3}, keeper=keeper)
    subjects: list[Subject] = [screened_subject(actor, site) for _ in range(8)]
    draws = [lambda subject=subject: randomize(actor=actor, subject=subject) for subject in subjects]
    made = together(
        *draws, lambda: close_list(actor=keeper, randomization_list=kept, reason="enrollment has ended")
    )
    kept.refresh_from_db()
    allocations = list(Allocation.objects.order_by("id").values_list("slot__number", "randomized_at"))
    assert [number for number, _at in allocations] == list(range(1, len(allocations) + 1))
    refused = [each for each in made if isinstance(each, WrongState)]
    assert len(allocations) + len(refused) == 8
    closing = AuditEvent.objects.get(action="close randomization list")
    assert kept.closed_at is not None
    assert kept.closed_at <= closing.recorded_at
    assert all(at <= closing.recorded_at for _number, at in allocations)
