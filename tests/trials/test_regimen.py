"""The database holds what the regimen of an arm must say."""

from typing import Any

import pytest
from django.db import IntegrityError

from tests.factories import make_study, save
from trials.models import RegimenElement, Study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(db: None) -> Study:
    return make_study()


def changed(study: Study, drug: str, **values: Any) -> RegimenElement:
    element = RegimenElement.objects.get(study=study, arm__code="A", drug__code=drug)
    for name, value in values.items():
        setattr(element, name, value)
    saved: RegimenElement = save(study.chain, element)
    return saved


@pytest.mark.parametrize(("drug", "length"), [("TORIPALIMAB", None), ("TORIPALIMAB", 0), ("LENVATINIB", 0)])
def test_days_of_a_cycle_are_not_stored_without_its_length(
    study: Study, drug: str, length: int | None
) -> None:
    with pytest.raises(IntegrityError, match="days_of_a_cycle_have_its_length"):
        changed(study, drug, cycle_length_days=length)


def test_a_drug_without_days_may_have_a_cycle_or_none(study: Study) -> None:
    assert changed(study, "LENVATINIB", cycle_length_days=28).cycle_length_days == 28
    assert changed(study, "LENVATINIB", cycle_length_days=None).cycle_length_days is None
