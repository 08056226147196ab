"""`manage.py demo`: prepares what is missing, refuses where public passwords have no place."""

import re
import socket
from collections.abc import Iterator
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from ecrf.demo.new_list import SLOTS
from ecrf.demo.scratch_database import scratch_database
from ecrf.demo.serving import PortBusy, refuse_busy_port
from ecrf.demo.world import COLLEAGUES, PASSWORD
from trials.actions.errors import Refused
from trials.actions.randomization_list import create_list
from trials.models import AuditEvent, RandomizationList, RandomizationSlot, Study, User


@pytest.fixture(scope="module")
def prepared(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """What the command said when it prepared an empty installation."""
    said = StringIO()
    with override_settings(DEMO=True), django_db_blocker.unblock(), scratch_database():
        call_command("demo", no_serve=True, port=8123, stdout=said)
        yield said.getvalue()


def test_the_command_names_every_account_its_role_the_password_and_the_address(prepared: str) -> None:
    for each in COLLEAGUES:
        assert each.username in prepared
        assert str(each.role.label) in prepared
    assert PASSWORD in prepared
    assert "http://127.0.0.1:8123/" in prepared
    assert "SYNTHETIC" in prepared


def test_the_readme_names_every_account() -> None:
    readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    accounts = [line.split("|")[1] for line in readme.splitlines() if line.startswith("| `")]
    listed = set(re.findall(r"`([a-z]+)`", " ".join(accounts)))
    assert {each.username for each in COLLEAGUES} <= listed


@pytest.mark.usefixtures("prepared")
def test_every_account_opens_with_the_public_password_and_the_record_says_so() -> None:
    for each in COLLEAGUES:
        assert User.objects.get(username=each.username).check_password(PASSWORD)
    opened = AuditEvent.objects.filter(action="set password")
    assert opened.count() == len(COLLEAGUES)
    assert all(event.reason and event.actor.is_system for event in opened)


@pytest.mark.usefixtures("prepared")
def test_a_fresh_list_has_free_slots_for_new_subjects() -> None:
    assert RandomizationSlot.objects.filter(allocation=None).count() == SLOTS
    made = RandomizationList.objects.order_by("order").last()
    assert made.is_demo
    assert AuditEvent.objects.get(action="create randomization list").actor.username == "keeper"


@pytest.mark.usefixtures("prepared")
def test_a_second_run_writes_nothing() -> None:
    before = AuditEvent.objects.count()
    call_command("demo", no_serve=True, stdout=StringIO())
    assert AuditEvent.objects.count() == before
    assert Study.objects.count() == 1


@pytest.mark.usefixtures("prepared")
def test_a_reset_is_refused_for_a_file_outside_the_own_directory_of_the_demonstration() -> None:
    with pytest.raises(CommandError, match="own directory"):
        call_command("demo", no_serve=True, reset=True, stdout=StringIO())
    assert Study.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.postgres
def test_a_reset_is_refused_on_postgresql() -> None:
    with override_settings(DEMO=True), pytest.raises(CommandError, match="SQLite file only"):
        call_command("demo", no_serve=True, reset=True, stdout=StringIO())


@pytest.mark.parametrize("command", ["demo", "build_demo"])
def test_outside_demo_settings_the_command_is_refused(command: str) -> None:
    with override_settings(DEMO=False), pytest.raises(CommandError, match="demo settings only"):
        call_command(command, stdout=StringIO())


@pytest.mark.usefixtures("prepared")
def test_outside_demo_settings_no_demonstration_list_can_be_made() -> None:
    keeper, study = User.objects.get(username="keeper"), Study.objects.get()
    with override_settings(DEMO=False), pytest.raises(Refused, match="demonstration list"):
        create_list(actor=keeper, study=study, name="another", length=4, is_demo=True)


def test_a_busy_port_is_named_before_anything_is_loaded() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortBusy, match=f"Port {port} on 127.0.0.1"):
            refuse_busy_port(port)


@pytest.mark.django_db
def test_a_database_that_holds_something_else_is_left_alone() -> None:
    User.objects.create_user("somebody")
    with override_settings(DEMO=True), pytest.raises(CommandError, match="another study"):
        call_command("demo", no_serve=True, stdout=StringIO())
    assert not User.objects.filter(username="keeper").exists()
