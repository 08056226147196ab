"""Make the PostgreSQL role under which the application runs, without the rights of the owner."""

import os
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

PASSWORD = "APPLICATION_ROLE_PASSWORD"  # noqa: S105  the name of the variable
SHORTEST = 16

IS_OWNER = "SELECT current_user = %s OR EXISTS (SELECT FROM pg_tables WHERE tableowner = %s)"


class Command(BaseCommand):
    help = (
        "Make (or renew) the PostgreSQL role of the application: it appends to history and events, changes "
        "live rows, and removes nothing of the record. Run as the owner of the tables, after every migration "
        f"that adds a table. The password comes from {PASSWORD} or is asked for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name of the role")
        parser.add_argument(
            "--print", action="store_true", help="write the SQL of the grants; change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError(
                "Roles exist on PostgreSQL only; an SQLite file is guarded by its permissions."
            )
        from trials.audit.grants import created, grants, role_exists

        name = options["name"]
        if options["print"]:
            for statement in grants(connection, name):
                self.stdout.write(f"{statement.as_string(connection.connection)};")
            return
        self.refuse_owner(name)
        exists = role_exists(connection, name)
        secret = self.verifier(name, self.password())
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(created(name, secret, exists=exists))
            for statement in grants(connection, name):
                cursor.execute(statement)
        self.stdout.write(
            f"{name}: {'renewed' if exists else 'made'}. Let the application connect as {name}."
        )

    def refuse_owner(self, name: str) -> None:
        """The rights of the one who runs this, and of whoever owns a table, cannot be taken away."""
        with connection.cursor() as cursor:
            cursor.execute(IS_OWNER, [name, name])
            if cursor.fetchone()[0]:
                raise CommandError(
                    f"{name} owns tables or runs this command: it could undo every restriction."
                )

    def password(self) -> str:
        password = os.environ.get(PASSWORD) or getpass("Password of the role: ")
        if len(password) < SHORTEST:
            raise CommandError(f"The password must have {SHORTEST} characters or more.")
        return password

    def verifier(self, name: str, password: str) -> str:
        """What the server stores; computed here, so that no log of the server ever holds the password."""
        connection.ensure_connection()
        encoding = "utf-8"
        made: bytes = connection.connection.pgconn.encrypt_password(
            password.encode(encoding), name.encode(encoding), b"scram-sha-256"
        )
        return made.decode(encoding)
