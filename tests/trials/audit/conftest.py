from typing import Any

import pytest

from tests.factories import make_study
from trials.audit.recording import Act
from trials.models import Drug, Route, Study, User


@pytest.fixture
def study(db: None) -> Study:
    return make_study()


@pytest.fixture
def act(db: None) -> Act:
    return Act(User.objects.system_user(), "SYSTEM", "try something", "because it is tried")


@pytest.fixture
def new_drug(study: Study) -> Any:
    """Makes an unsaved drug of the study; a small regulated row."""

    def make(code: str = "ASPIRIN", of: Study | None = None) -> Drug:
        return Drug(study=of or study, code=code, name=code, route=Route.ORAL)

    return make
