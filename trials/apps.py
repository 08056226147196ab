from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class TrialsConfig(AppConfig):
    name = "trials"
    verbose_name = "Protocol and conduct"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Sent once for each app, after the tables of all apps are there; ours stands for all of them.
        pre_migrate.connect(_make_way, sender=self, dispatch_uid="triggers make way")
        post_migrate.connect(_install, sender=self, dispatch_uid="triggers are installed")


def _make_way(using: str, plan: Any = (), **_: Any) -> None:
    from trials.audit.triggers import make_way_for_migrations

    if plan:
        make_way_for_migrations(using)


def _install(using: str, **_: Any) -> None:
    from trials.audit.triggers import install

    install(using)
