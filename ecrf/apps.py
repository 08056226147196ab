"""Application configuration of the roof, and of the admin with our own site in the place of the stock one."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class EcrfConfig(AppConfig):
    name = "ecrf"
    default = True

    def ready(self) -> None:
        from ecrf import (
            checks,  # noqa: F401  (registers the system checks)
            sessions,
        )

        sessions.connect()


class StudyAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "ecrf.admin_site.StudyAdminSite"
