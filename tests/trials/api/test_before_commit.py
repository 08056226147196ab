"""What a face keeps together with an effect is in the effect's transaction, or nowhere."""

from typing import Any

import pytest

from patients.actions.enroll import enroll
from patients.models import Subject
from tests.factories import CONSENT_DAY, coordinator_of, make_site, make_study
from trials.api.idempotency import keeping
from trials.audit.context import before_commit

pytestmark = pytest.mark.django_db


def test_a_keeper_sees_the_rows_that_the_act_inserted_and_is_gone_afterwards() -> None:
    site = make_site(make_study())
    seen: list[Any] = []
    with keeping(lambda record: seen.append(record.created(Subject))):
        subject = enroll(actor=coordinator_of(site), site=site, screened_on=CONSENT_DAY)
    assert [subject.pk] in seen
    assert before_commit.get() == ()


def test_a_keeper_that_fails_undoes_the_act() -> None:
    site = make_site(make_study())
    coordinator = coordinator_of(site)

    def fail(_record: Any) -> None:
        raise RuntimeError("cannot keep")

    with pytest.raises(RuntimeError), keeping(fail):
        enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    assert not Subject.objects.exists()
