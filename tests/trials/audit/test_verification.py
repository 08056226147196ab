"""Rows that are slipped in, taken out or moved are found and named; so is a damaged chain."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from tests.factories import make_study, save
from tests.trials.audit.statements import run, unguarded
from trials.audit.findings import Finding, Rule
from trials.audit.triggers import install
from trials.audit.verification import Verification
from trials.models import AuditEvent, Drug, Study
from trials.models.audit import event_id

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R01", "R52", "R53")]

HISTORY = "trials_historicaldrug"


@pytest.fixture
def aspirin(study: Study, new_drug: Callable[..., Drug]) -> Drug:
    """A drug with two versions, each in an event of its own, and a later event after them."""
    drug = save(study.chain, new_drug("ASPIRIN"))
    drug.name = "Acetylsalicylic acid"
    save(study.chain, drug)
    save(study.chain, new_drug("CLOPIDOGREL"))
    return drug


def versions(drug: Drug) -> list[Any]:
    return list(Drug.history.filter(id=drug.pk).order_by("history_id"))


def after(*statements: str) -> list[Finding]:
    """What is found after statements of somebody who owns the database, but for the triggers."""
    with transaction.atomic():
        with unguarded():
            for statement in statements:
                assert run(statement) == 1
            found = [each for each in Verification().findings() if each.rule is not Rule.TRIGGER]
        transaction.set_rollback(True)
    return found


def places(found: list[Finding]) -> list[tuple[Rule, int | None, str, int | None]]:
    return [(each.rule, each.event, each.table, each.key) for each in found]


def number_of(row: Any) -> int:
    return int(row.event_id & (1 << 32) - 1)


def test_an_untouched_record_is_verified(aspirin: Drug) -> None:
    assert after() == []


def test_a_changed_history_row_is_named_although_its_event_has_others(aspirin: Drug) -> None:
    row = Drug.history.get(code="OXALIPLATIN")
    assert AuditEvent.objects.get(pk=row.event_id).rows > 1
    [first, *others] = after(f"UPDATE {HISTORY} SET name = 'X' WHERE history_id = {row.history_id}")
    assert (first.rule, first.table, first.key) == (Rule.ROW_CHANGED, HISTORY, row.history_id)
    assert (first.chain, first.event) == ("study:TEST-1", number_of(row))
    assert places(others) == [(Rule.LIVE_DIFFERS, number_of(row), "trials_drug", row.id)]


def test_a_salt_is_as_well_guarded_as_a_value(aspirin: Drug) -> None:
    row = versions(aspirin)[0]
    found = after(f"UPDATE {HISTORY} SET salt = '{'0' * 32}' WHERE history_id = {row.history_id}")
    assert places(found) == [(Rule.ROW_CHANGED, number_of(row), HISTORY, row.history_id)]


def test_a_history_row_slipped_in_is_named(aspirin: Drug) -> None:
    row = versions(aspirin)[0]
    columns = [each.column for each in row._meta.concrete_fields if each.column not in ("history_id", "name")]
    names = ", ".join(columns)
    found = after(
        f"INSERT INTO {HISTORY} (name, {names}) SELECT 'FORGED', {names} FROM {HISTORY} "
        f"WHERE history_id = {row.history_id}"
    )
    assert [(each.rule, each.event, each.table) for each in found[:1]] == [
        (Rule.ROW_ADDED, number_of(row), HISTORY)
    ]
    assert found[0].key > row.history_id


def test_a_history_row_taken_out_is_missed(aspirin: Drug) -> None:
    row = versions(aspirin)[0]
    found = after(f"DELETE FROM {HISTORY} WHERE history_id = {row.history_id}")
    assert [(each.rule, each.event, each.detail) for each in found][0] == (
        Rule.ROWS_MISSING,
        number_of(row),
        "1 of 1",
    )
    assert Rule.FIRST_VERSION in {each.rule for each in found}  # what is left begins with a change


def test_a_history_row_moved_to_another_event_is_named(aspirin: Drug) -> None:
    first, second = versions(aspirin)
    found = after(f"UPDATE {HISTORY} SET event_id = {first.event_id} WHERE history_id = {second.history_id}")
    assert (Rule.ROW_ADDED, number_of(first), HISTORY, second.history_id) in places(found)
    assert Rule.ROWS_MISSING in {each.rule for each in found if each.event == number_of(second)}


def test_a_history_row_of_an_event_that_never_was_is_named(aspirin: Drug) -> None:
    row, nowhere = versions(aspirin)[1], event_id(aspirin.study.chain_id, 999)
    found = after(f"UPDATE {HISTORY} SET event_id = {nowhere} WHERE history_id = {row.history_id}")
    assert (Rule.NO_EVENT, 999, HISTORY, row.history_id) in places(found)


def test_an_event_taken_out_of_the_middle_is_missed(aspirin: Drug) -> None:
    row = versions(aspirin)[1]
    found = after(f"DELETE FROM trials_auditevent WHERE id = {row.event_id}")
    missing = number_of(row)
    assert places(found)[0] == (Rule.NO_EVENT, missing, HISTORY, row.history_id)
    gap = next(each for each in found if each.rule is Rule.NUMBER)
    assert (gap.event, gap.detail) == (missing + 1, f"{missing} is missing")


def test_two_events_whose_rows_change_places_are_named(aspirin: Drug) -> None:
    first, second = versions(aspirin)
    found = after(
        f"UPDATE {HISTORY} SET event_id = {second.event_id} WHERE history_id = {first.history_id}",
        f"UPDATE {HISTORY} SET event_id = {first.event_id} WHERE history_id = {second.history_id}",
    )
    assert {each.event for each in found} >= {number_of(first), number_of(second)}


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE trials_auditevent SET reason = 'because' WHERE id = {id}", Rule.TEXT),
        ("UPDATE trials_auditevent SET note = 'because' WHERE id = {id}", Rule.TEXT),
        ("UPDATE trials_auditevent SET salt = '' WHERE id = {id}", Rule.TEXT),
        ("UPDATE trials_auditevent SET action = 'other' WHERE id = {id}", Rule.CONTENT),
        ("UPDATE trials_auditevent SET canonical_version = 99 WHERE id = {id}", Rule.CONTENT),
        ("UPDATE trials_auditevent SET row_marks = '00000000' WHERE id = {id}", Rule.CONTENT),
        ("UPDATE trials_auditevent SET previous_hash = '' WHERE id = {id}", Rule.PREVIOUS),
        ("UPDATE trials_auditevent SET recorded_at = '2001-01-01 00:00:00' WHERE id = {id}", Rule.TIME),
    ],
)
def test_a_changed_event_is_named(aspirin: Drug, statement: str, rule: Rule) -> None:
    event = versions(aspirin)[1].event_id
    found = after(statement.format(id=event))
    assert rule in {each.rule for each in found}
    assert {each.event for each in found} == {event & (1 << 32) - 1}
    assert {each.table for each in found} == {"trials_auditevent"}


def test_an_event_rewritten_with_a_hash_that_fits_breaks_the_next_link(aspirin: Drug) -> None:
    from trials.audit.event_hash import event_hash

    event = AuditEvent.objects.select_related("actor", "chain").get(pk=versions(aspirin)[1].event_id)
    event.action = "something harmless"
    forged = event_hash(event, event.chain.key, event.actor.username)
    found = after(
        f"UPDATE trials_auditevent SET action = '{event.action}', hash = '{forged}' WHERE id = {event.pk}"
    )
    assert places(found) == [(Rule.PREVIOUS, event.number + 1, "trials_auditevent", None)]


# ---------------------------------------------------------------- live rows


def test_a_live_row_changed_by_hand_is_named_with_its_column(aspirin: Drug) -> None:
    found = after(f"UPDATE trials_drug SET route = 'INTRAVENOUS' WHERE id = {aspirin.pk}")
    [finding] = found
    assert (finding.rule, finding.table, finding.key) == (Rule.LIVE_DIFFERS, "trials_drug", aspirin.pk)
    assert (finding.columns, finding.chain) == (("route",), "study:TEST-1")


def test_a_live_row_removed_by_hand_is_missed(aspirin: Drug) -> None:
    found = after(f"DELETE FROM trials_drug WHERE id = {aspirin.pk}")
    newest = versions(aspirin)[-1]
    assert places(found) == [(Rule.LIVE_MISSING, number_of(newest), "trials_drug", aspirin.pk)]


def test_a_live_row_put_in_by_hand_is_named(aspirin: Drug) -> None:
    columns = [each.column for each in Drug._meta.concrete_fields if each.column not in ("id", "code")]
    names = ", ".join(columns)
    found = after(
        f"INSERT INTO trials_drug (code, {names}) SELECT 'NEW', {names} FROM trials_drug "
        f"WHERE id = {aspirin.pk}"
    )
    assert [(each.rule, each.table) for each in found] == [(Rule.HISTORY_MISSING, "trials_drug")]


def test_a_finding_never_tells_a_value(aspirin: Drug) -> None:
    found = after(
        f"UPDATE {HISTORY} SET name = 'PLANTED' WHERE id = {aspirin.pk} AND history_type = '+'",
        f"UPDATE trials_drug SET name = 'PLANTED' WHERE id = {aspirin.pk}",
        f"UPDATE trials_auditevent SET reason = 'PLANTED' WHERE id = {versions(aspirin)[0].event_id}",
    )
    assert len(found) == 3
    assert not any("PLANTED" in str(each) or "PLANTED" in str(each.as_json()) for each in found)


# ---------------------------------------------------------------- chains


def test_a_chain_that_was_deleted_is_missed(aspirin: Drug) -> None:
    chain = aspirin.study.chain_id
    found = after(f"DELETE FROM trials_chain WHERE id = {chain}")
    missed = [each for each in found if each.rule is Rule.CHAIN_MISSING]
    assert len(missed) == AuditEvent.objects.filter(chain_id=chain).count()
    assert missed[0].chain == f"number {chain}"


@pytest.mark.parametrize(
    "assignment",
    ["last_number = last_number - 1", "last_hash = ''", "last_recorded_at = '2001-01-01 00:00:00'"],
)
def test_a_chain_that_tells_of_another_end_is_named(aspirin: Drug, assignment: str) -> None:
    chain = aspirin.study.chain
    found = after(f"UPDATE trials_chain SET {assignment} WHERE id = {chain.pk}")
    last = AuditEvent.objects.filter(chain=chain).latest("number").number
    assert places(found) == [(Rule.HEAD, last, "trials_chain", chain.pk)]


def test_a_chain_under_another_name_fits_none_of_its_events(aspirin: Drug) -> None:
    chain = aspirin.study.chain_id
    found = after(f"UPDATE trials_chain SET key = 'study:OTHER' WHERE id = {chain}")
    assert {each.rule for each in found} == {Rule.CONTENT}
    assert len(found) == AuditEvent.objects.filter(chain_id=chain).count()


def test_findings_of_another_study_are_left_out(aspirin: Drug) -> None:
    make_study("TEST-2")
    with transaction.atomic():
        with unguarded():
            run(f"UPDATE trials_drug SET route = 'INTRAVENOUS' WHERE id = {aspirin.pk}")
            found = {code: list(Verification(study=code).findings()) for code in ("TEST-1", "TEST-2")}
        transaction.set_rollback(True)
    rules = {
        code: [each.rule for each in findings if each.rule is not Rule.TRIGGER]
        for code, findings in found.items()
    }
    assert rules == {"TEST-1": [Rule.LIVE_DIFFERS], "TEST-2": []}


@pytest.mark.parametrize("table", ["trials_drug", HISTORY, "trials_auditevent"])
def test_a_view_in_the_place_of_a_table_is_named(aspirin: Drug, table: str) -> None:
    with transaction.atomic():
        if connection.vendor == "postgresql":
            run("SET CONSTRAINTS ALL IMMEDIATE")
        run(f"ALTER TABLE {table} RENAME TO kept_aside")
        run(f"CREATE VIEW {table} AS SELECT * FROM kept_aside")
        found = list(Verification().findings())
        transaction.set_rollback(True)
    assert (Rule.TABLE_MISSING, None, table, None) in places(found)
    assert install() == 0


def test_a_missing_trigger_is_a_finding(aspirin: Drug) -> None:
    on = "" if connection.vendor == "sqlite" else f" ON {HISTORY}"
    with transaction.atomic():
        if connection.vendor == "postgresql":
            run("SET CONSTRAINTS ALL IMMEDIATE")
        run(f"DROP TRIGGER {HISTORY}_refuses_delete{on}")
        [finding] = Verification().findings()
        transaction.set_rollback(True)
    assert str(finding) == (
        f"table {HISTORY}: a trigger is not as it was installed (trigger {HISTORY}_refuses_delete is missing)"
    )
    assert install() == 0


# ---------------------------------------------------------------- how SQLite stores things


@pytest.mark.parametrize("written", ["X'FF'", "CAST(X'FF' AS TEXT)"])
def test_a_username_that_is_no_text_is_named_on_sqlite(aspirin: Drug, written: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL takes nothing but text there")
    actor = AuditEvent.objects.filter(chain=aspirin.audit_chain_id).latest("id").actor_id
    found = after(f"UPDATE trials_user SET username = {written} WHERE id = {actor}")
    assert {Rule.CONTENT, Rule.LIVE_DIFFERS} <= {each.rule for each in found}
    assert ("trials_user", actor) in [(each.table, each.key) for each in found]


def test_a_history_row_whose_event_is_no_number_is_named_on_sqlite(aspirin: Drug) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL takes nothing but numbers there")
    row = versions(aspirin)[-1]
    with connection.constraint_checks_disabled():
        found = after(f"UPDATE {HISTORY} SET event_id = 'x' WHERE history_id = {row.history_id}")
    assert (Rule.NO_EVENT, HISTORY, row.history_id) in [(each.rule, each.table, each.key) for each in found]


SPELLINGS = {
    "an instant with a T": ("trials_auditevent", "recorded_at", "replace(recorded_at, ' ', 'T')"),
    "a yes that is 2": ("trials_historicaluser", "is_system", "2"),
    "a digit that no page shows": ("trials_historicaldoseband", "dose_mg", "dose_mg + 0.00001"),
    "text that is no UTF-8": ("trials_historicaldrug", "name", "CAST(X'FF' AS TEXT)"),
    "bytes for text": ("trials_historicaldrug", "name", "X'41'"),
    "a number that is text": ("trials_historicaldrug", "study_id", "'one'"),
    "a day that never was": ("trials_historicalstudy", "start_date", "'2021-02-30'"),
    "a blank in JSON": ("trials_historicalstudysetting", "value", "value || ' '"),
    "no JSON": ("trials_historicalstudysetting", "value", "'{'"),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_a_stored_value_is_found_on_sqlite(study: Study, spelling: str) -> None:
    table, column, value = SPELLINGS[spelling]
    run("PRAGMA ignore_check_constraints=ON")
    try:
        key = "id" if table == "trials_auditevent" else "history_id"
        newest = f"(SELECT max({key}) FROM {table} WHERE {column} IS NOT NULL)"
        found = after(f"UPDATE {table} SET {column} = {value} WHERE {key} = {newest}")
    finally:
        run("PRAGMA ignore_check_constraints=OFF")
    [first, *_] = found
    assert (first.rule, first.table) == (Rule.UNREADABLE, table)
    assert first.columns in ((column,), ("text",))


# ---------------------------------------------------------------- memory


def test_rows_are_read_in_pieces(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    from trials.audit import stored

    monkeypatch.setattr(stored, "CHUNK", 2)
    assert list(Verification().findings()) == []
