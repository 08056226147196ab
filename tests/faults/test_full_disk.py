"""No room left for the database: refused in clear words, nothing half stored, and reading goes on."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from patients.models import MedicalHistory, VitalSigns
from tests.ecrf.api.client import Client, client_of
from tests.faults.conftest import Prepared
from tests.faults.server import copy_of_sqlite, environment, serving
from trials.audit.verification import Verification
from trials.models import AuditEvent, IdempotencyKey, User

MH = "/api/v1/medical-histories/"
LINES = [{"systolic": 120, "diastolic": 80}] * 20
NO_ROOM = "There is no room left for the database; nothing was changed."
MEBIBYTE = 1024 * 1024


def limit_pages(pages: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {pages}")


def pages() -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA page_count").fetchone()[0])


def filled_up(client: Client, entry: dict[str, Any]) -> Any:
    """Enter forms until the database takes no more; the refusal."""
    limit_pages(pages() + 8)
    for number in range(60):
        reply = client.once("/api/v1/vital-signs/", f"fill {number}", entry)
        if reply.status_code != 201:
            return reply
    raise AssertionError("the limit of pages had no effect")


def stored() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (VitalSigns, MedicalHistory, AuditEvent, IdempotencyKey))


@pytest.fixture
def entry(on_sqlite: Prepared) -> dict[str, Any]:
    return {"subject": on_sqlite.world["subjects"][0], "visit": "SCR", "blood_pressures": LINES}


def test_a_full_database_refuses_whole_forms_shows_what_it_holds_and_takes_the_same_key_when_there_is_room(
    installed: Any, on_sqlite: Prepared, entry: dict[str, Any]
) -> None:
    with installed(on_sqlite.url):
        client = client_of(User.objects.get(username="user0"))
        refusal = filled_up(client, entry)
        before = stored()
        again = client.once("/api/v1/vital-signs/", "kept", entry)
        assert (refusal.status_code, again.status_code) == (503, 503)
        assert again.json()["errors"]["detail"][0].startswith(NO_ROOM)
        assert stored() == before
        assert list(Verification().findings()) == []
        listed = client.get("/api/v1/vital-signs/")
        assert (listed.status_code, len(listed.json()["results"]) > 0) == (200, True)
        limit_pages(1_000_000)
        made = [client.once("/api/v1/vital-signs/", "kept", entry) for _ in range(2)]
        assert [reply.status_code for reply in made] == [201, 201]
        assert made[0].content == made[1].content
        assert VitalSigns.objects.count() == before[0] + 1


def test_whoever_is_logged_in_still_sees_pages_when_the_idle_time_of_the_session_cannot_be_noted(
    installed: Any, on_sqlite: Prepared, entry: dict[str, Any]
) -> None:
    with installed(on_sqlite.url):
        user = User.objects.get(username="user0")
        browser = Browser(raise_request_exception=False)
        browser.force_login(user, backend="trials.authentication.RoleBackend")
        assert browser.get("/admin/patients/subject/").status_code == 200
        filled_up(client_of(user), entry)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = ON")  # not even a page that is there already can be changed
        page = browser.get("/admin/patients/subject/")
        assert page.status_code == 200
        assert on_sqlite.world["subjects"][0] in page.content.decode()


def test_while_the_reserve_of_the_disk_is_touched_nothing_is_written_but_logging_in_works(
    installed: Any, on_sqlite: Prepared, settings: Any
) -> None:
    body = {"subject": on_sqlite.world["subjects"][0], "term": "Gout"}
    credentials = {"username": on_sqlite.world["username"], "password": on_sqlite.world["password"]}
    with installed(on_sqlite.url):
        client = client_of(User.objects.get(username="user0"))
        before = stored()
        settings.DISK_RESERVE_MIB = 2**40  # more than any disk has
        refused = client.once(MH, "kept", body)
        assert (refused.status_code, refused["Retry-After"]) == (503, "5")
        assert refused.json()["errors"]["detail"][0].startswith(NO_ROOM)
        assert stored() == before
        login = Client().post("/api/v1/auth/token/", credentials, format="json")
        assert (login.status_code, client.get(MH).status_code) == (201, 200)
        page = Browser().post("/admin/patients/subject/")
        assert (page.status_code, NO_ROOM.encode() in page.content) == (503, True)
        settings.DISK_RESERVE_MIB = 0
        assert client.once(MH, "kept", body).status_code == 201


# ---------------------------------------------------------------- a real disk
@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 40 MiB, where the machine lets us mount one; everybody may look into it."""
    folder = Path(tempfile.mkdtemp(prefix="ecrf-disk-"))
    folder.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m,mode=755", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        folder.rmdir()
        pytest.skip("this machine lets nobody mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(disk: Path, leave: int) -> Path:
    """Take the room of a disk but for `leave` bytes, if need be piece by piece."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        while (room := shutil.disk_usage(disk).free - leave) > 0:
            try:
                file.write(bytes(min(room, MEBIBYTE)))
            except OSError:
                break
    return ballast


@pytest.mark.heavy
def test_a_server_on_a_full_disk_answers_503_serves_what_it_has_and_recovers(
    small_disk: Path, sqlite_template: tuple[Path, Any], with_migrations: bool, tmp_path: Path
) -> None:
    template, world = sqlite_template
    url = copy_of_sqlite(template, small_disk / "database")
    env = environment(url, migrations=with_migrations, DISK_RESERVE_MIB="4")
    body = {"subject": world["subjects"][0], "term": "Gout"}
    with serving(env, tmp_path / "server.log", workers=2) as server:
        bearer = {"Authorization": f"Bearer {server.token(world)}"}
        once = {**bearer, "Idempotency-Key": "kept"}
        ballast = fill(small_disk, leave=2 * MEBIBYTE)
        assert server.ask("POST", MH, body, once).status == 503
        assert server.token(world)  # the reserve is for this
        ballast.unlink()
        fill(small_disk, leave=0)
        refused, read = server.ask("POST", MH, body, once), server.ask("GET", MH, headers=bearer)
        assert (refused.status, read.status, read.json()["results"]) == (503, 200, [])
        assert refused.json()["errors"]["detail"][0].startswith(NO_ROOM)
        ballast.unlink()
        made = [server.ask("POST", MH, body, once) for _ in range(2)]
        assert [reply.status for reply in made] == [201, 201]
        assert made[0].json() == made[1].json()


@pytest.mark.heavy
def test_a_postgresql_without_room_for_a_table_answers_503_and_recovers(
    small_disk: Path, postgres: Any, postgres_world: Any, with_migrations: bool, tmp_path: Path
) -> None:
    place = small_disk / "tables"
    place.mkdir()
    owner = postgres.data.stat()
    shutil.chown(place, owner.st_uid, owner.st_gid)
    with postgres.connect() as server_side:
        server_side.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
    url = postgres.create("on_small_disk", template="prepared", tablespace="small")
    entry = {"subject": postgres_world["subjects"][0], "visit": "SCR", "blood_pressures": LINES}
    with serving(environment(url, migrations=with_migrations), tmp_path / "server.log", workers=1) as server:
        bearer = {"Authorization": f"Bearer {server.token(postgres_world)}"}
        ballast = fill(small_disk, leave=0)
        for number in range(200):
            key = {**bearer, "Idempotency-Key": f"fill {number}"}
            refused = server.ask("POST", "/api/v1/vital-signs/", entry, key)
            if refused.status != 201:
                break
        assert refused.status == 503
        assert refused.json()["errors"]["detail"][0].startswith(NO_ROOM)
        assert server.ask("GET", "/api/v1/vital-signs/", headers=bearer).status == 200
        ballast.unlink()
        made = [server.ask("POST", "/api/v1/vital-signs/", entry, key) for _ in range(2)]
        assert [reply.status for reply in made] == [201, 201]
        assert made[0].json() == made[1].json()
    with postgres.connect() as server_side:
        server_side.execute("DROP DATABASE on_small_disk WITH (FORCE)")
        server_side.execute("DROP TABLESPACE small")
