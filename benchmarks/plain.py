"""Plain connections, as durable as those of the application, and the fastest way each has to store rows."""

import sqlite3
from typing import Any

import psycopg
from django.db import connection

from benchmarks.ledger import Ledger, Table
from ecrf.settings.database import SQLITE

Plain = Any
"""A connection of sqlite3 or psycopg."""


def connect() -> Plain:
    """A connection to the measured database, with autocommit: transactions are opened by hand."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        file = sqlite3.connect(settings["NAME"], timeout=20, isolation_level=None, check_same_thread=False)
        for pragma in SQLITE["OPTIONS"]["init_command"].split(";"):
            file.execute(pragma)
        return file
    return psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        host=settings["OPTIONS"].get("host") or settings["HOST"],
        autocommit=True,
    )


def mark() -> str:
    return "?" if connection.vendor == "sqlite" else "%s"


def begin() -> str:
    return "BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN"


def insert_statement(table: Table) -> str:
    names = ", ".join(f'"{column}"' for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) VALUES ({', '.join([mark()] * len(table.columns))})"


def chain_statement() -> str:
    return f"UPDATE trials_chain SET last_number = {mark()}, last_hash = {mark()} WHERE id = {mark()}"


def durability() -> dict[str, str]:
    """What to ask a connection about itself."""
    if connection.vendor == "sqlite":
        return {
            "SQLite": "SELECT sqlite_version()",
            "journal_mode": "PRAGMA journal_mode",
            "synchronous (2 is FULL)": "PRAGMA synchronous",
        }
    names = ("fsync", "synchronous_commit", "full_page_writes")
    return {"PostgreSQL": "SHOW server_version", **{name: f"SHOW {name}" for name in names}}


def store(plain: Plain, ledger: Ledger) -> None:
    """All rows in one transaction, a statement for each row; the driver prepares what it sees again."""
    plain.execute(begin())
    for table in ledger.tables:
        statement = insert_statement(table)
        for row in table.rows:
            plain.execute(statement, row)
    for head in ledger.heads:
        plain.execute(chain_statement(), head)
    plain.execute("COMMIT")


def store_in_bulk(plain: Plain, ledger: Ledger) -> None:
    """All rows in one transaction: executemany on SQLite, COPY on PostgreSQL."""
    cursor = plain.cursor()
    cursor.execute(begin())
    for table in ledger.tables:
        if connection.vendor == "sqlite":
            cursor.executemany(insert_statement(table), table.rows)
        else:
            names = ", ".join(f'"{column}"' for column in table.columns)
            with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                for row in table.rows:
                    copy.write_row(row)
    cursor.executemany(chain_statement(), ledger.heads)
    cursor.execute("COMMIT")
