from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = "Captured data"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from patients.actions.consequences import follow
        from patients.critical_fields import critical_fields_exist
        from patients.forms import form_models
        from trials.audit.context import consequences
        from trials.protocol.rules import further_checks

        if follow not in consequences:
            consequences.append(follow)
        if critical_fields_exist not in further_checks:
            further_checks.append(critical_fields_exist)

        for model in form_models():
            # The title of a form is metadata, so it stays out of Meta, which migrations record.
            model._meta.verbose_name = model.form.title
            model._meta.verbose_name_plural = model.form.title
