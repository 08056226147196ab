"""A list grows from its own seed, is closed for ever, and shows its seal for a recorded reason only."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from tests.factories import make_study, person, save
from tests.patients.strata import BY_ECOG, stratify
from trials.actions.errors import ReasonRequired, Refused, WrongState
from trials.actions.randomization_list import (
    close_list,
    create_list,
    extend_list,
    import_list,
    view_sealed,
)
from trials.actions.sealed_list import digest, faults_of_list, sealed
from trials.audit.context import NotRecording
from trials.models import (
    AuditEvent,
    RandomizationList,
    RandomizationPublication,
    RandomizationSeal,
    RandomizationSlot,
    Role,
    Study,
    User,
)
from trials.roles import NotPermitted

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R43")]


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def keeper(study: Study) -> User:
    return person(Role.RANDOMIZATION_KEEPER, study)


@pytest.fixture
def made(study: Study, keeper: User) -> RandomizationList:
    return create_list(actor=keeper, study=study, name="list 1", length=7)


def rows_of(kept: RandomizationList) -> list[tuple[Any, ...]]:
    slots = RandomizationSlot.objects.filter(list=kept).order_by("stratum", "number")
    return list(slots.values_list("pk", "stratum", "number", "arm_id"))


def test_a_longer_list_keeps_every_slot_and_publishes_new_digests_beside_the_old(
    made: RandomizationList, keeper: User
) -> None:
    before, [first] = rows_of(made), RandomizationPublication.objects.all()
    extend_list(actor=keeper, randomization_list=made, length=30, reason="more subjects")
    made.refresh_from_db()
    after = rows_of(made)
    assert after[:7] == before
    assert len(after) == 30
    second = RandomizationPublication.objects.get(number=2)
    assert RandomizationPublication.objects.get(number=1).digest == first.digest != second.digest
    assert (first.lengths, second.lengths) == ({"": 7}, {"": 30})
    assert made.published_digest == second.digest
    content = sealed(made)
    assert content is not None
    assert digest(content.up_to(first.lengths).text()) == first.digest
    assert content.commitments().startswith(content.up_to(first.lengths).commitments())
    assert not faults_of_list(made)
    [event] = AuditEvent.objects.filter(action="extend randomization list")
    assert (event.rows, event.reason) == (23 + 1 + 1, "more subjects")


def test_single_strata_grow_and_the_others_stay(study: Study, keeper: User) -> None:
    stratify(study, BY_ECOG)
    made = create_list(actor=keeper, study=study, name="list 1", length=4)
    made = extend_list(
        actor=keeper, randomization_list=made, length=9, strata=["ECOG=1"], reason="fast stratum"
    )
    lengths = RandomizationPublication.objects.get(number=2).lengths
    assert lengths == {"ECOG=0": 4, "ECOG=1": 9}
    assert not faults_of_list(made)


def test_a_list_of_some_strata_may_get_the_missing_ones(study: Study, keeper: User) -> None:
    stratify(study, BY_ECOG)
    made = create_list(actor=keeper, study=study, name="list 1", length=4, strata=["ECOG=1"])
    made = extend_list(actor=keeper, randomization_list=made, length=4, strata=["ECOG=0"], reason="forgotten")
    assert RandomizationPublication.objects.get(number=2).lengths == {"ECOG=0": 4, "ECOG=1": 4}
    assert not faults_of_list(made)


@pytest.mark.parametrize("length", [0, 6, 7, 100_001])
def test_a_list_never_becomes_shorter_or_endless(made: RandomizationList, keeper: User, length: int) -> None:
    before = rows_of(made)
    with pytest.raises(Refused) as refusal:
        extend_list(actor=keeper, randomization_list=made, length=length, reason="x")
    assert set(refusal.value.errors) == {"length"}
    assert rows_of(made) == before


def refused(act: Callable[[], Any], match: str) -> None:
    before = RandomizationSlot.objects.count()
    with pytest.raises(WrongState, match=match):
        act()
    assert RandomizationSlot.objects.count() == before


def test_only_the_last_list_with_a_sound_seed_grows(
    study: Study, made: RandomizationList, keeper: User, settings: Settings
) -> None:
    second = create_list(actor=keeper, study=study, name="list 2", length=4)
    grow = {"actor": keeper, "length": 40, "reason": "more"}
    refused(lambda: extend_list(randomization_list=made, **grow), "“list 2” follows it")
    second.published_digest = "0" * 64
    save(study.chain, second)
    refused(lambda: extend_list(randomization_list=second, **grow), "does not fit its seal")
    rows = [{"number": 1, "stratum": "", "arm": "A"}]
    third = import_list(actor=keeper, study=study, name="list 3", rows=rows)
    refused(lambda: extend_list(randomization_list=third, **grow), "has no seed")
    settings.DEMO = True
    fourth = create_list(actor=keeper, study=study, name="list 4", length=4, is_demo=True)
    settings.DEMO = False
    with pytest.raises(Refused, match="demonstration"):
        extend_list(randomization_list=fourth, **grow)


def test_a_closed_list_is_closed_for_ever(made: RandomizationList, keeper: User) -> None:
    close_list(actor=keeper, randomization_list=made, reason="enrollment has ended")
    made.refresh_from_db()
    assert made.closed_at is not None
    [event] = AuditEvent.objects.filter(action="close randomization list")
    assert (event.reason, event.rows) == ("enrollment has ended", 1)
    refused(lambda: close_list(actor=keeper, randomization_list=made, reason="again"), "closed for ever")
    grow = {"randomization_list": made, "length": 40, "reason": "more"}
    refused(lambda: extend_list(actor=keeper, **grow), "closed for ever")


@pytest.mark.requirement("R09")
@pytest.mark.requirement("R17")
def test_looking_at_the_seal_is_an_event_with_its_reason(made: RandomizationList, keeper: User) -> None:
    with pytest.raises(ReasonRequired):
        view_sealed(actor=keeper, randomization_list=made, reason=" ")
    assert not AuditEvent.objects.filter(action="view of unblinded list").exists()
    content = view_sealed(actor=keeper, randomization_list=made, reason="audit by the sponsor")
    assert content is not None
    assert len(content.slots) == 7
    assert content.seed.hex() not in repr(content)
    [event] = AuditEvent.objects.filter(action="view of unblinded list")
    assert (event.actor, event.reason, event.rows) == (keeper, "audit by the sponsor", 0)
    assert event.note == "Seed, block sizes and every slot of the list “list 1” were shown."


@pytest.mark.parametrize("role", [role for role in Role if role != Role.RANDOMIZATION_KEEPER])
def test_nobody_but_the_keeper_extends_closes_or_looks(made: RandomizationList, role: Role) -> None:
    other = person(role, made.study)
    common = {"actor": other, "randomization_list": made, "reason": "I want to"}
    for act in (lambda: extend_list(length=40, **common), lambda: close_list(**common)):
        with pytest.raises(NotPermitted):
            act()
    with pytest.raises(NotPermitted):
        view_sealed(**common)
    made.refresh_from_db()
    assert (made.closed_at, made.slots.count()) == (None, 7)  # type: ignore[attr-defined]


def test_a_slot_a_seal_and_a_publication_are_written_once(study: Study, made: RandomizationList) -> None:
    for row in (
        RandomizationSlot.objects.first(),
        RandomizationSeal.objects.get(),
        RandomizationPublication.objects.get(),
    ):
        with pytest.raises(NotRecording, match="written once"):
            save(study.chain, row)
