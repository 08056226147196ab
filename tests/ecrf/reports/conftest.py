"""The small trial of the reports; the clock stands in the summer of 2023."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.ecrf.reports.trial import LATER, Patient, Trial
from trials.audit import clock


@pytest.fixture
def trial(db: None, settings: Any) -> Iterator[Trial]:
    settings.DEMO = True  # the simulated clock exists only there
    with clock.simulated(LATER):
        yield Trial()


@pytest.fixture
def patient(trial: Trial) -> Patient:
    return trial.patient()
