"""A subject in each arm of the registered study."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.patients.dosing.ward import Ward


@pytest.fixture
def ward(db: None, settings: Any) -> Callable[..., Ward]:
    """`ward("B", weight="59.9")`: a subject randomized to an arm."""
    settings.DEMO = True  # the simulated clock exists only there
    return Ward


@pytest.fixture
def in_a(ward: Callable[..., Ward]) -> Ward:
    """In arm A, with an approved table."""
    admitted = ward("A")
    admitted.approve()
    return admitted


@pytest.fixture
def in_b(ward: Callable[..., Ward]) -> Ward:
    """In arm B, with an approved table."""
    admitted = ward("B")
    admitted.approve()
    return admitted


@pytest.fixture(scope="module", autouse=True)
def _registered_once(registered_once: None) -> None:
    """Each file here is about the registered study."""
