"""A casebook in which checks are tried."""

from typing import Any

import pytest

from patients.actions.save_form import create_form, mark_entered_in_error
from patients.models import Demographics, LabSample, Subject, Visit
from tests.factories import make_list, randomized_subject
from tests.patients.checks.asking import MAN
from trials.models import Site, Study, User


@pytest.fixture
def casebook(coordinator: User, site: Site, study: Study) -> Subject:
    """Consented, randomized to arm A; 60 kg."""
    make_list(study, "A")
    subject = randomized_subject(coordinator, site)
    for record in Demographics.objects.filter(subject=subject):
        mark_entered_in_error(actor=coordinator, record=record, version=1, reason="makes room for the test")
    return subject


@pytest.fixture
def fill(coordinator: User, casebook: Subject) -> Any:
    def run(form: Any, filled: dict[str, Any]) -> Any:
        data = {key: value for key, value in filled.items() if key != "rows"}
        visit = None
        if form.form.at_visit:
            visit = Visit.objects.get(subject=casebook, code="SCR")
        if form is LabSample:
            create_form(actor=coordinator, form=Demographics, subject=casebook, data=MAN)
        return create_form(
            actor=coordinator,
            form=form,
            subject=casebook,
            data=data,
            rows=filled.get("rows"),
            visit=visit,
        )

    return run
