"""The triggers of a PostgreSQL database, and the functions that they call."""

from collections.abc import Callable, Collection, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

from trials.audit.kinds import REFUSES, Refused, Table

DELETE = (
    "CREATE TRIGGER {name} BEFORE DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION record_refuses()"
)
UPDATE = "CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION record_refuses()"
REWRITE = (
    "CREATE TRIGGER {name} BEFORE UPDATE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION record_is_appended_to('{key}', '{fixed}')"
)

REFUSE_BODY = """
BEGIN
  RAISE EXCEPTION '% of % is refused: rows of the record are never changed or removed', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END"""

# An approved redaction blanks the columns it names and the salt, in the rows it names, and nothing else.
APPEND_BODY = """
DECLARE
  before jsonb := to_jsonb(OLD);
  after jsonb := to_jsonb(NEW);
  fixed text[] := string_to_array(TG_ARGV[1], ',');
BEGIN
  IF after ->> 'salt' = '' AND EXISTS (
    SELECT FROM trials_redaction r
    WHERE r.table_name = TG_TABLE_NAME AND r.state = 'APPROVED'
      AND r.row_ids @> (before -> TG_ARGV[0])
      AND NOT EXISTS (
        SELECT FROM jsonb_each(before) o
        WHERE o.key <> 'salt' AND o.value IS DISTINCT FROM after -> o.key
          AND (o.key = ANY (fixed) OR NOT r.column_names ? o.key OR coalesce(after ->> o.key, '') <> '')
      )
  ) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% of % is refused: history and events are only appended to', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END"""

# Runs with the rights of the owner, so that an application role without UPDATE can carry out a redaction
# that was approved, and only that: the trigger above judges it like any other update.
BLANK_BODY = """
DECLARE
  asked trials_redaction%ROWTYPE;
  assignments text;
  blanked bigint;
BEGIN
  SELECT * INTO STRICT asked FROM trials_redaction WHERE id = redaction AND state = 'APPROVED';
  SELECT string_agg(format('%I = %s', a.attname, CASE WHEN a.attnotnull THEN '''''' ELSE 'NULL' END), ', ')
    INTO STRICT assignments
    FROM pg_attribute a
    WHERE a.attrelid = format('%I', asked.table_name)::regclass AND asked.column_names ? a.attname::text;
  EXECUTE format(
    'UPDATE %I SET %s, salt = '''' WHERE %I IN (SELECT k::bigint FROM jsonb_array_elements_text($1) k)',
    asked.table_name, assignments,
    CASE asked.table_name WHEN 'trials_auditevent' THEN 'id' ELSE 'history_id' END
  ) USING asked.row_ids;
  GET DIAGNOSTICS blanked = ROW_COUNT;
  RETURN blanked;
END"""

# As PostgreSQL itself tells a function: what is compared is what was executed.
FUNCTION = """CREATE OR REPLACE FUNCTION {schema}.{signature}
 RETURNS {returns}
 LANGUAGE plpgsql
{security} SET search_path TO '{schema}', 'pg_temp'
AS $function${body}$function$
"""

FUNCTIONS = {
    "record_refuses": ("record_refuses()", "trigger", "", REFUSE_BODY),
    "record_is_appended_to": ("record_is_appended_to()", "trigger", "", APPEND_BODY),
    "record_is_blanked": (
        "record_is_blanked(redaction bigint)",
        "bigint",
        " SECURITY DEFINER\n",
        BLANK_BODY,
    ),
}
"""Signature, result, rights and body by name."""

TEXTS: dict[Refused, str] = {Refused.DELETE: DELETE, Refused.UPDATE: UPDATE, Refused.REWRITE: REWRITE}
"""REPLACE has none of its own: ON CONFLICT UPDATE fires the triggers of UPDATE."""

FOUND = """
SELECT c.relname, t.tgname,
       pg_get_triggerdef(t.oid, true) || CASE t.tgenabled WHEN 'O' THEN '' ELSE ' (switched off)' END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY (%s)
UNION ALL
SELECT '', p.proname, pg_get_functiondef(p.oid)
FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.proname = ANY (%s)
"""

Names = dict[tuple[str, str], str]


def wanted(connection: BaseDatabaseWrapper, tables: Sequence[Table]) -> Names:
    """The triggers that these tables must have, and under an empty table the functions."""
    # The database tells names without quotes; none of ours needs them.
    return _definitions(connection, tables, quote=str)


def _definitions(
    connection: BaseDatabaseWrapper, tables: Sequence[Table], quote: Callable[[str], str]
) -> Names:
    made: Names = {("", name): text for name, text in _functions(connection).items()}
    for table in tables:
        for refused in REFUSES[table.kind] & TEXTS.keys():
            name = f"{table.name}_refuses_{refused.value}"
            made[table.name, name] = TEXTS[refused].format(
                name=quote(name), table=quote(table.name), key=table.key, fixed=",".join(table.fixed)
            )
    return made


def _functions(connection: BaseDatabaseWrapper) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = cursor.fetchone()[0]
    return {
        name: FUNCTION.format(schema=schema, signature=signature, returns=returns, security=rights, body=body)
        for name, (signature, returns, rights, body) in FUNCTIONS.items()
    }


def found(connection: BaseDatabaseWrapper, tables: Sequence[Table]) -> Names:
    """Every trigger on these tables, and our functions, as the database tells them."""
    with connection.cursor() as cursor:
        cursor.execute(FOUND, [[table.name for table in tables], list(FUNCTIONS)])
        return {(table, name): text for table, name, text in cursor.fetchall()}


def make(
    connection: BaseDatabaseWrapper, tables: Sequence[Table], places: Collection[tuple[str, str]]
) -> None:
    """Make the functions and triggers of these places, all by one script."""
    quoted = _definitions(connection, tables, quote=connection.ops.quote_name)
    script = [text for place, text in quoted.items() if place in places]
    if ("", "record_is_blanked") in places:
        script.append("REVOKE ALL ON FUNCTION record_is_blanked(bigint) FROM PUBLIC")
    _run(connection, script)


def drop(connection: BaseDatabaseWrapper, places: Collection[tuple[str, str]]) -> None:
    """Drop the triggers of these places; functions stay, to be replaced."""
    quote = connection.ops.quote_name
    _run(connection, [f"DROP TRIGGER {quote(name)} ON {quote(table)}" for table, name in places if table])


def _run(connection: BaseDatabaseWrapper, script: Sequence[str]) -> None:
    if script:
        with connection.cursor() as cursor:
            cursor.execute(";\n".join(script))
