from django.apps import AppConfig


class TrialsConfig(AppConfig):
    name = "trials"
    verbose_name = "Protocol and conduct"
    default_auto_field = "django.db.models.BigAutoField"
