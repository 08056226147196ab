"""Installed by the test settings only."""

from django.apps import AppConfig


class ExtraFormConfig(AppConfig):
    name = "tests.extra_form"
    label = "extra_form"
    default_auto_field = "django.db.models.BigAutoField"
