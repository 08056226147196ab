"""A stratified study with a list that was used, extended and had a slot taken out."""

import pytest

from patients.actions.randomize import randomize
from patients.actions.slots import mark_unusable
from tests.factories import coordinator_of, person
from tests.patients.strata import screened_in, stratified_site
from trials.actions.randomization_list import create_list, extend_list
from trials.models import (
    RandomizationList,
    Role,
    Site,
    Study,
    User,
)


@pytest.fixture
def site() -> Site:
    return stratified_site()


@pytest.fixture
def study(site: Site) -> Study:
    return site.study


@pytest.fixture
def keeper(study: Study) -> User:
    return person(Role.RANDOMIZATION_KEEPER, study, username="keeper")


@pytest.fixture
def used(site: Site, study: Study, keeper: User) -> RandomizationList:
    """Two strata of 6, one extended to 9; four subjects, one slot taken out in between."""
    made = create_list(actor=keeper, study=study, name="list 1", length=6)
    coordinator = coordinator_of(site)
    for grade in ("0", "1"):
        randomize(actor=coordinator, subject=screened_in(coordinator, site, grade))
    mark_unusable(actor=keeper, study=study, stratum="ECOG=1", reason="kit destroyed")
    made = extend_list(
        actor=keeper, randomization_list=made, length=9, strata=["ECOG=1"], reason="more subjects"
    )
    for grade in ("1", "0"):
        randomize(actor=coordinator, subject=screened_in(coordinator, site, grade))
    return made
