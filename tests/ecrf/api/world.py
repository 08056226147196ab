"""A small study with two sites for every test of the API."""

from types import SimpleNamespace

import pytest

from tests.ecrf.api.client import client_of
from tests.factories import (
    CONSENT_DAY,
    coordinator_of,
    make_site,
    make_study,
    opened,
    person,
    screened_subject,
)
from trials.models import Role


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    """Study, sites ZS and XH, a screened subject at each, and clients of people in every role."""
    study = make_study()
    site, other_site = make_site(study, "ZS"), make_site(study, "XH")
    coordinator, outsider = coordinator_of(site), coordinator_of(other_site)
    subject = screened_subject(coordinator, site)
    foreign = screened_subject(outsider, other_site)
    roles = {role: client_of(person(role, study)) for role in Role.values}
    return SimpleNamespace(
        study=study,
        site=site,
        other_site=other_site,
        coordinator=coordinator,
        outsider_user=outsider,
        subject=subject,
        foreign=foreign,
        client=client_of(coordinator),
        outsider=client_of(outsider),
        roles=roles,
        day=CONSENT_DAY.isoformat(),
        opened=opened,
    )
