"""An investigator who has read the policy, and signs with the credentials entered anew."""

from collections.abc import Callable
from typing import Any

import pytest

from patients.actions.seen import Seen
from patients.actions.signatures import acknowledge_policy, sign
from patients.models import POLICY_VERSION, Signature, SignedForm
from tests.factories import person
from tests.reentry import typed
from trials.models import Role, Site, User


def signing(user: User, *records: Any, meaning: str = "REVIEW", **more: Any) -> Signature:
    """Sign the forms as they are stored now."""
    seen = [Seen(each, type(each).objects.get(pk=each.pk).version) for each in records]
    return sign(actor=user, reentry=typed(user), seen=seen, meaning=meaning, **more)


def signed(record: Any) -> SignedForm:
    """The newest signature on a form."""
    return SignedForm.objects.filter(form=record.form.oid, record_id=record.pk).latest("id")


def who_signs(site: Site, **values: Any) -> User:
    user = person(Role.INVESTIGATOR, site.study, site, **({"full_name": "Dr. Wang Fang"} | values))
    acknowledge_policy(actor=user, version=POLICY_VERSION)
    return user


@pytest.fixture
def investigator(site: Site) -> User:
    return who_signs(site)


@pytest.fixture
def put_signature(investigator: User) -> Callable[..., Signature]:
    """`put_signature(record, ...)` as the investigator of the site."""

    def put(*records: Any, **more: Any) -> Signature:
        return signing(investigator, *records, **more)

    return put
