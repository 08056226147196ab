"""One value of any table of the record changed behind the application's back is found, and named.

Everything happens in a transaction that is taken back, without triggers, as the owner of the database could.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, models, transaction

from patients.actions.enroll import enroll
from patients.actions.randomize import randomize
from tests.factories import make_list
from tests.screening import Clinic
from tests.taken_back import taken_back
from tests.trials.audit.statements import constraints_now, quoted, run, unguarded
from trials.audit.findings import Finding, Rule
from trials.audit.kinds import Kind, Table, tables_of_the_record
from trials.audit.verification import Verification
from trials.models import AuditEvent, Chain
from trials.models.audit import NUMBER_BITS

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R01", "R05")]

TABLES = {table.name: table for table in tables_of_the_record()}


@pytest.fixture(scope="module")
def clinic(django_db_setup: None, django_db_blocker: Any) -> Iterator[Clinic]:
    """The registered study with one randomized subject and one enrolled, for all tests of this file."""
    with django_db_blocker.unblock(), taken_back():
        held = Clinic()
        make_list(held.study, "AB")
        randomize(actor=held.coordinator, subject=held.screened())
        enroll(actor=held.coordinator, site=held.site, screened_on=held.study.start_date)
        constraints_now()
        yield held


def changed(column: models.Field) -> str:
    """SQL for another value than the one that is there: its last character, or one more."""
    name, kind = quoted(str(column.column)), column.get_internal_type()
    if isinstance(column, models.ForeignKey) or kind.endswith("IntegerField"):
        return f"{name} + 1"
    return OTHER_VALUE.get(kind, OTHER_TEXT)[connection.vendor == "postgresql"].format(name=name)


OTHER_TEXT = (
    "substr({name}, 1, length({name}) - 1) || CASE WHEN {name} LIKE '%x' THEN 'y' ELSE 'x' END",
    "left({name}, -1) || CASE WHEN right({name}, 1) = 'x' THEN 'y' ELSE 'x' END",
)
OTHER_VALUE = {
    "BooleanField": ("1 - {name}", "NOT {name}"),
    "DateField": ("date({name}, '+1 day')", "{name} + 1"),
    "DateTimeField": (
        "strftime('%Y-%m-%d %H:%M:%S', {name}, '+1 second')",
        "{name} + interval '1 second'",
    ),
    "TimeField": ("time({name}, '+1 second')", "{name} + interval '1 second'"),
    "DecimalField": ("{name} + 1", "{name} + 1"),
    "JSONField": ("'{{\"x\": 1}}'", "'{{\"x\": 1}}'::jsonb"),
}
"""On SQLite, on PostgreSQL."""


def candidates(table: Table) -> list[models.Field]:
    columns = [each for each in table.model._meta.concrete_fields if not each.generated]
    return [
        each
        for each in columns
        if not each.primary_key and (table.kind is not Kind.HISTORY or each.column != "event_id")
    ]


def some_row(table: Table, column: models.Field) -> int | None:
    """The key of a row in which this column holds something."""
    name, key = quoted(str(column.column)), quoted(table.key)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max({key}) FROM {quoted(table.name)} WHERE {name} IS NOT NULL")
        return cursor.fetchone()[0]


def change(table: Table, column: models.Field) -> int | None:
    """Change one value of a column and say in which row; None where no row holds one, or a check refuses."""
    key = some_row(table, column)
    name = quoted(str(column.column))
    statement = (
        f"UPDATE {quoted(table.name)} SET {name} = {changed(column)} WHERE {quoted(table.key)} = {key}"
    )
    try:
        with transaction.atomic():
            return key if key is not None and run(statement) == 1 else None
    except (IntegrityError, DataError):
        return None


# ---------------------------------------------------------------- untouched


def test_an_untouched_record_has_no_finding(clinic: Clinic) -> None:
    verification = Verification()
    assert list(verification.findings()) == []
    assert verification.counts.events == AuditEvent.objects.count()
    assert verification.counts.chains == Chain.objects.count()
    assert verification.counts.history_rows > 500
    assert verification.counts.live_rows > 500


def test_the_chains_of_one_study_are_verified_alone(clinic: Clinic) -> None:
    verification = Verification(study=clinic.study.code)
    assert list(verification.findings()) == []
    others = Chain.objects.exclude(key__contains=clinic.study.code).count()
    assert verification.counts.chains == Chain.objects.count() - others
    assert others > 0


# ---------------------------------------------------------------- every column of every table


Named = dict[tuple[str, str], list[Finding]]


@pytest.fixture(scope="module")
def named(clinic: Clinic) -> Named:
    """What names the row in which one value was changed, by table and column.

    Each round changes one value in many tables, so that one verification judges them all; history in rounds
    of its own, or a live row and its history would be changed alike.
    """
    found: Named = {}
    held = [table for table in TABLES.values() if table.model._base_manager.exists()]
    with transaction.atomic():
        with unguarded():
            for kinds in ({Kind.LIVE, Kind.WRITTEN_ONCE, Kind.EVENT}, {Kind.HISTORY}):
                columns = {table.name: candidates(table) for table in held if table.kind in kinds}
                for place in range(max(map(len, columns.values()))):
                    tried = [
                        (TABLES[name], each[place]) for name, each in columns.items() if place < len(each)
                    ]
                    found.update(one_round(tried))
        transaction.set_rollback(True)
    return found


def one_round(tried: list[tuple[Table, models.Field]]) -> Named:
    with transaction.atomic():
        keys = {(table, column): change(table, column) for table, column in tried}
        findings = list(Verification().findings())
        transaction.set_rollback(True)
    return {
        (table.name, str(column.column)): [each for each in findings if names(each, table, key)]
        for (table, column), key in keys.items()
        if key is not None
    }


def names(finding: Finding, table: Table, key: int) -> bool:
    if table.kind is Kind.EVENT:
        return finding.table == table.name and finding.event == key & (1 << NUMBER_BITS) - 1
    return (finding.table, finding.key) == (table.name, key)


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.kind is not Kind.CHAIN])
def test_every_changed_value_of_a_table_is_found_and_its_row_named(named: Named, name: str) -> None:
    columns = {column: findings for (table, column), findings in named.items() if table == name}
    assert [column for column, findings in columns.items() if not findings] == []
    assert bool(columns) == TABLES[name].model._base_manager.exists()
    if TABLES[name].kind in (Kind.LIVE, Kind.WRITTEN_ONCE):
        for column, findings in columns.items():
            assert [each.columns for each in findings if each.rule is Rule.LIVE_DIFFERS] == [(column,)]


def test_hundreds_of_columns_in_dozens_of_tables_were_tried(named: Named) -> None:
    assert len(named) > 500
    assert len({table for table, _column in named}) > 60
