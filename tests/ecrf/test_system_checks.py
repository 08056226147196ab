"""Settings that would break a promise are refused at the start."""

import copy

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.contenttypes.models import ContentType
from django.core.checks import run_checks
from django.db import connection
from django.test import override_settings

from ecrf import checks


def ids(messages: list) -> set[str]:
    return {message.id for message in messages}


def test_a_transaction_around_every_request_is_an_error() -> None:
    databases = copy.deepcopy(settings.DATABASES)
    databases["default"]["ATOMIC_REQUESTS"] = True
    with (
        pytest.warns(UserWarning, match="Overriding setting DATABASES"),
        override_settings(DATABASES=databases),
    ):
        assert ids(checks.no_transaction_around_a_request(None)) == {"ecrf.E001"}
    assert checks.no_transaction_around_a_request(None) == []


@pytest.mark.requirement("R06")
def test_history_switched_off_is_an_error() -> None:
    with override_settings(SIMPLE_HISTORY_ENABLED=False):
        assert "ecrf.E002" in ids(run_checks())


def test_an_editable_list_in_the_admin_is_an_error() -> None:
    class Editable(ModelAdmin):
        list_editable = ("model",)

    admin.site._registry[ContentType] = Editable(ContentType, admin.site)
    try:
        assert ids(checks.no_list_is_editable(None)) == {"ecrf.E003"}
    finally:
        del admin.site._registry[ContentType]
    assert checks.no_list_is_editable(None) == []


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_sqlite_that_does_not_wait_for_the_disk_is_an_error() -> None:
    assert checks.sqlite_is_durable(None, databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=NORMAL")
    try:
        assert ids(checks.sqlite_is_durable(None, databases=["default"])) == {"ecrf.E004"}
    finally:
        connection.close()


@pytest.mark.django_db
def test_the_database_of_this_run_passes_its_checks() -> None:
    assert checks.sqlite_is_durable(None, databases=["default"]) == []
