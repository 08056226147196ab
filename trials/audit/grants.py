"""What a role of the application may do on PostgreSQL, by kind of table.

The owner of the tables runs migrations and nothing else; the application connects as a role that can neither
change history nor remove a row of the record, nor alter a table or its triggers.
"""

from collections.abc import Iterator, Mapping

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from trials.audit.kinds import Kind, kind_of

# Locking a row for update asks for UPDATE; on tables written once the trigger refuses the update itself.
RIGHTS: Mapping[Kind | None, tuple[str, ...]] = {
    Kind.HISTORY: ("SELECT", "INSERT"),
    Kind.EVENT: ("SELECT", "INSERT"),
    Kind.CHAIN: ("SELECT", "INSERT", "UPDATE"),
    Kind.LIVE: ("SELECT", "INSERT", "UPDATE"),
    Kind.WRITTEN_ONCE: ("SELECT", "INSERT", "UPDATE"),
    None: ("SELECT", "INSERT", "UPDATE", "DELETE"),
}
"""None: no part of the record (sessions, failed logins, kept replies), where Django itself deletes."""

READ_ONLY = ("django_migrations", "django_content_type", "auth_permission", "auth_group")
"""Written by migrations alone."""

ATTRIBUTES = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT")


def role_exists(connection: BaseDatabaseWrapper, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        return cursor.fetchone() is not None


def created(name: str, secret: str, *, exists: bool) -> sql.Composed:
    """Make the role, or renew its attributes and password; `secret` is a SCRAM verifier."""
    verb = sql.SQL("ALTER" if exists else "CREATE")
    return sql.SQL("{} ROLE {} {} PASSWORD {}").format(
        verb, sql.Identifier(name), ATTRIBUTES, sql.Literal(secret)
    )


def grants(connection: BaseDatabaseWrapper, name: str) -> Iterator[sql.Composed]:
    """Everything is taken first, then given table by table."""
    role = sql.Identifier(name)
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        cursor.execute("SELECT current_schema(), current_database()")
        schema, database = map(sql.Identifier, cursor.fetchone())
    # A right that everybody has cannot be taken from one role.
    yield sql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC").format(schema)
    yield sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(database)
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(schema, role)
    yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role)
    yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role)
    kinds = {model._meta.db_table: kind_of(model) for model in apps.get_models()}
    for table in tables:
        rights = ("SELECT",) if table in READ_ONLY else RIGHTS[kinds.get(table)]
        given = sql.SQL(", ").join(map(sql.SQL, rights))
        yield sql.SQL("GRANT {} ON TABLE {} TO {}").format(given, sql.Identifier(table), role)
    yield sql.SQL("GRANT EXECUTE ON FUNCTION record_is_blanked(bigint) TO {}").format(role)
