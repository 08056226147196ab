from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = "Captured data"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from patients.actions.consequences import follow
        from patients.forms import form_models
        from trials.audit.context import consequences

        if follow not in consequences:
            consequences.append(follow)

        for model in form_models():
            # The title of a form is metadata, so it stays out of Meta, which migrations record.
            model._meta.verbose_name = model.form.title
            model._meta.verbose_name_plural = model.form.title
