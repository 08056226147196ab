"""Every write of regulated data leaves one event for each chain, and nothing is written without one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from tests.factories import make_site, make_study, save
from tests.together import together
from tests.trials.audit.events import events, newest
from trials.audit import clock
from trials.audit.canonical import VERSION
from trials.audit.context import NotRecording
from trials.audit.event_hash import event_hash, text_digest
from trials.audit.origin import origin
from trials.audit.recording import Act, digest_of_rows, recording
from trials.authentication import RoleBackend
from trials.models import Chain, ChainKind, Drug, Source, Study, User

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def save_and_fail(row: Any) -> None:
    row.save()
    raise ZeroDivisionError


@pytest.mark.requirement("R52")
def test_one_act_leaves_one_event_however_many_rows_it_writes(study: Study, act: Act, new_drug: Any) -> None:
    before = len(events(study.chain))
    with recording(study.chain, act):
        for code in ("ONE", "TWO", "THREE"):
            new_drug(code).save()
    assert len(events(study.chain)) == before + 1
    assert newest(study.chain).rows == 3


def test_an_act_on_two_chains_leaves_one_event_in_each(study: Study, act: Act, new_drug: Any) -> None:
    other = make_study("TEST-2")
    before = [len(events(each.chain)) for each in (study, other)]
    with recording([other.chain, study.chain], act):
        new_drug("ONE").save()
        new_drug("TWO", other).save()
    assert [len(events(each.chain)) for each in (study, other)] == [number + 1 for number in before]
    assert newest(study.chain).rows == newest(other.chain).rows == 1


def test_a_chain_that_an_act_locks_but_does_not_change_gets_no_event(
    study: Study, act: Act, new_drug: Any
) -> None:
    other = make_study("TEST-2")
    before = len(events(other.chain))
    with recording([other.chain, study.chain], act):
        new_drug().save()
    assert len(events(other.chain)) == before


def test_an_act_that_changes_nothing_leaves_no_event(study: Study, act: Act) -> None:
    before = len(events(study.chain))
    with recording(study.chain, act):
        pass
    assert len(events(study.chain)) == before


def test_an_act_without_rows_leaves_an_event_when_it_says_what_happened(study: Study, act: Act) -> None:
    with recording(study.chain, act) as record:
        record.note("exported 12 casebooks")
    event = newest(study.chain)
    assert (event.rows, event.digest, event.note) == (0, EMPTY, "exported 12 casebooks")


@pytest.mark.requirement("R05", "R47")
def test_an_event_says_who_when_why_and_from_where(study: Study, act: Act, new_drug: Any) -> None:
    earliest = clock.now()
    with origin(Source.API, "request-7"), recording(study.chain, act):
        new_drug().save()
    event = newest(study.chain)
    assert (event.actor, event.role, event.action) == (act.actor, "SYSTEM", "try something")
    assert (event.reason, event.source, event.request_id) == ("because it is tried", "API", "request-7")
    assert earliest <= event.recorded_at <= clock.now()
    assert event.recorded_at.microsecond % 1000 == 0
    assert event.canonical_version == VERSION


@pytest.mark.requirement("R53")
def test_numbers_count_from_1_without_a_gap_and_stand_in_the_id(
    study: Study, act: Act, new_drug: Any
) -> None:
    for code in ("ONE", "TWO"):
        with recording(study.chain, act):
            new_drug(code).save()
    found = events(study.chain)
    assert [event.number for event in found] == list(range(1, len(found) + 1))
    assert all(event.id == study.chain.pk << 32 | event.number for event in found)


def test_every_event_holds_the_hash_of_the_one_before_and_its_own_can_be_computed_again(
    study: Study, act: Act, new_drug: Any
) -> None:
    with recording(study.chain, act):
        new_drug().save()
    previous = ""
    for event in events(study.chain):
        assert event.previous_hash == previous
        assert event.hash == event_hash(event, study.chain.key, event.actor.username)
        previous = event.hash
    assert Chain.objects.get(pk=study.chain.pk).last_hash == previous


@pytest.mark.requirement("R01")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text_digest", "0" * 64),
        ("role", "MONITOR"),
        ("rows", 9),
        ("digest", "0" * 64),
        ("number", 8),
    ],
)
def test_the_hash_covers_what_an_event_says(study: Study, field: str, value: Any) -> None:
    event = newest(study.chain)
    setattr(event, field, value)
    assert event_hash(event, study.chain.key, event.actor.username) != event.hash


@pytest.mark.parametrize("field", ["reason", "note", "salt"])
def test_the_text_of_an_event_is_covered_by_its_salted_digest(study: Study, field: str) -> None:
    event = newest(study.chain)
    assert event.text_digest == text_digest(event.reason, event.note, event.salt)
    setattr(event, field, "another")
    assert event.text_digest != text_digest(event.reason, event.note, event.salt)


def test_the_digest_is_that_of_the_rows_as_the_database_holds_them(
    study: Study, act: Act, new_drug: Any
) -> None:
    with recording(study.chain, act):
        new_drug().save()
    event = newest(study.chain)
    assert digest_of_rows(event.pk, [Drug.history.model]) == (event.rows, event.digest)


@pytest.mark.requirement("R01")
def test_a_history_row_slipped_in_afterwards_no_longer_fits_its_event(
    study: Study, act: Act, new_drug: Any
) -> None:
    with recording(study.chain, act):
        new_drug().save()
    event = newest(study.chain)
    forged = Drug.history.get(event_id=event.pk)
    forged.history_id, forged.name = None, "FORGED"
    Drug.history.model.objects.bulk_create([forged])
    rows, found = digest_of_rows(event.pk, [Drug.history.model])
    assert rows == event.rows + 1
    assert found != event.digest


def test_rows_of_a_savepoint_that_was_rolled_back_do_not_count(study: Study, act: Act, new_drug: Any) -> None:
    with recording(study.chain, act):
        new_drug("KEPT").save()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            save_and_fail(new_drug("GIVEN-UP"))
    assert newest(study.chain).rows == 1


def test_two_rows_of_the_same_content_have_different_salts(study: Study, act: Act, new_drug: Any) -> None:
    drug = new_drug()
    with recording(study.chain, act):
        drug.save()
        drug.save()
    assert len(set(Drug.history.filter(id=drug.pk).values_list("salt", flat=True))) == 2


@pytest.mark.requirement("R11")
@override_settings(DEMO=True)
def test_time_never_runs_back_in_a_chain_when_the_clock_does(study: Study, act: Act, new_drug: Any) -> None:
    last = newest(study.chain).recorded_at
    with clock.simulated(last - timedelta(hours=1)), recording(study.chain, act):
        new_drug().save()
    assert newest(study.chain).recorded_at == last


@pytest.mark.requirement("R11")
@override_settings(DEMO=False)
def test_the_clock_is_simulated_in_demo_settings_only() -> None:
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured), clock.simulated(clock.now()):
        pass


def test_a_refused_act_leaves_neither_row_nor_history_nor_event(
    study: Study, act: Act, new_drug: Any
) -> None:
    before = len(events(study.chain))
    with pytest.raises(ZeroDivisionError), recording(study.chain, act):
        save_and_fail(new_drug("GIVEN-UP"))
    assert len(events(study.chain)) == before
    assert not Drug.objects.filter(code="GIVEN-UP").exists()
    assert not Drug.history.filter(code="GIVEN-UP").exists()
    assert Chain.objects.get(pk=study.chain.pk).last_number == before


def test_an_act_inside_another_act_is_refused(study: Study, act: Act) -> None:
    with (
        recording(study.chain, act),
        pytest.raises(NotRecording, match="one act at a time"),
        recording(study.chain, act),
    ):
        pass


def test_after_an_act_nothing_is_recorded_any_more(study: Study, act: Act, new_drug: Any) -> None:
    with recording(study.chain, act):
        pass
    with pytest.raises(NotRecording):
        new_drug().save()


@pytest.mark.django_db(transaction=True)
def test_an_act_inside_a_transaction_of_the_caller_is_refused(study: Study, act: Act) -> None:
    with (
        transaction.atomic(),
        pytest.raises(RuntimeError, match="durable"),
        recording(study.chain, act),
    ):
        pass


# ---------------------------------------------------------------- who


@pytest.mark.requirement("R47")
def test_the_system_account_is_made_once_is_recorded_and_cannot_log_in(db: None) -> None:
    system = User.objects.system_user()
    assert User.objects.system_user() == system
    assert User.history.filter(id=system.pk).count() == 1
    assert not system.has_usable_password()
    assert not system.is_staff
    assert not RoleBackend().user_can_authenticate(system)


@pytest.mark.requirement("R29")
def test_the_events_of_a_deactivated_user_still_name_the_user(study: Study, new_drug: Any) -> None:
    from trials.actions.accounts import deactivate

    someone = User.objects.create_user("someone", "a long enough pass-phrase")
    with recording(study.chain, Act(someone, "ADMINISTRATOR", "load protocol")):
        new_drug().save()
    deactivate(actor=User.objects.system_user(), user=someone, reason="left the hospital")
    event = newest(study.chain)
    assert event.actor.username == "someone"
    assert event.hash == event_hash(event, study.chain.key, event.actor.username)


def test_a_deactivation_keeps_what_was_changed_since_the_caller_read_the_account(db: None) -> None:
    from trials.actions.accounts import deactivate, set_password

    system, someone = User.objects.system_user(), User.objects.create_user("someone", "a first pass-phrase")
    stale = User.objects.get(pk=someone.pk)
    set_password(actor=someone, user=someone, password="a second pass-phrase", reason="changed")
    deactivate(actor=system, user=stale, reason="left the hospital")
    now = User.objects.get(pk=someone.pk)
    assert not now.is_active
    assert now.check_password("a second pass-phrase")


# ---------------------------------------------------------------- many at once


@pytest.mark.requirement("R53")
@pytest.mark.django_db(transaction=True)
def test_eight_writers_of_one_chain_leave_numbers_without_gap_and_an_unbroken_chain() -> None:
    study = make_study()
    actor = User.objects.system_user()
    start = len(events(study.chain))

    def writer(name: str) -> None:
        for step in range(3):
            with recording(study.chain, Act(actor, "SYSTEM", f"writer {name}")):
                Drug(study=study, code=f"D-{name}-{step}", name="x", route="ORAL").save()

    assert together(*[lambda name=str(number): writer(name) for number in range(8)]) == [None] * 8
    found = events(study.chain)
    assert [event.number for event in found] == list(range(1, start + 24 + 1))
    assert [event.previous_hash for event in found[1:]] == [event.hash for event in found[:-1]]
    times = [event.recorded_at for event in found]
    assert times == sorted(times)
    assert all(digest_of_rows(event.pk, [Drug.history.model]) == (1, event.digest) for event in found[start:])


@pytest.mark.django_db(transaction=True)
def test_acts_that_lock_the_same_chains_in_any_order_do_not_block_each_other_for_ever() -> None:
    first, second = make_study("ONE"), make_study("TWO")
    actor = User.objects.system_user()

    def act(chains: list[Chain], study: Study, code: str) -> None:
        with recording(chains, Act(actor, "SYSTEM", "both")):
            Drug(study=study, code=code, name="x", route="ORAL").save()

    outcomes = together(
        *[
            lambda number=number: act(
                [first.chain, second.chain] if number % 2 else [second.chain, first.chain],
                first if number % 2 else second,
                f"D{number}",
            )
            for number in range(6)
        ]
    )
    assert outcomes == [None] * 6


@pytest.mark.django_db(transaction=True)
def test_two_accounts_of_one_name_made_in_the_same_moment_are_one_account_and_one_refusal() -> None:
    from django.core.exceptions import ValidationError

    User.objects.system_user()
    outcomes = together(
        *[
            lambda name=name: User.objects.create_user(name, "a long pass-phrase")
            for name in ("Li", "li", "LI")
        ]
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["User", "ValidationError", "ValidationError"]
    refusal = next(each for each in outcomes if isinstance(each, ValidationError))
    assert refusal.message_dict


def test_a_site_has_a_chain_of_its_own_and_its_protocol_data_belong_to_the_study(study: Study) -> None:
    site = make_site(study)
    assert events(site.chain)
    assert site.chain.kind == ChainKind.SITE
    before = len(events(site.chain))
    save(study.chain, Drug(study=study, code="X", name="x", route="ORAL"))
    assert len(events(site.chain)) == before
