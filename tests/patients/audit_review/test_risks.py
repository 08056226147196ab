"""Changes after a signature or a verification are what a reviewer looks at first."""

from typing import Any

import pytest

from patients.actions.seen import Seen
from patients.actions.verification import verify
from patients.audit_review.asked import asked
from patients.audit_review.events import Told, page_of
from patients.audit_review.reach import Reach
from patients.models import VitalSigns
from tests.factories import person
from tests.patients.conftest import correct
from tests.patients.signing.conftest import signing, who_signs
from trials.models import Role, Site, User


@pytest.fixture
def monitor(site: Site) -> User:
    return person(Role.MONITOR, site.study, site)


def found(monitor: User, **sent: str) -> list[Told]:
    reach = Reach(monitor)
    return page_of(reach, asked(reach, sent)).told


@pytest.mark.requirement("R12")
def test_a_change_after_signature_is_found_and_names_the_signature_that_it_voids(
    monitor: User, site: Site, vital_signs: VitalSigns, coordinator: User
) -> None:
    before = correct(coordinator, vital_signs, weight="61")
    assert found(monitor, risk="AFTER_SIGNATURE") == []
    signing(who_signs(site), vital_signs)
    assert found(monitor, risk="AFTER_SIGNATURE") == []
    correct(coordinator, before, weight="62")
    [told] = found(monitor, risk="AFTER_SIGNATURE")
    assert told.event.action == "correct VS"
    assert "AFTER_SIGNATURE" in told.risks
    assert [each.about for each in told.records if each.key == "SIGNEDFORM"] == ["VS"]
    assert [each.event.pk for each in found(monitor) if "AFTER_SIGNATURE" in each.risks] == [told.event.pk]


@pytest.mark.requirement("R12")
def test_a_change_after_verification_is_found(
    monitor: User, vital_signs: VitalSigns, coordinator: User
) -> None:
    verify(actor=monitor, seen=[Seen(vital_signs, 1)], extent="WHOLE")
    assert found(monitor, risk="AFTER_VERIFICATION") == []
    correct(coordinator, vital_signs, weight="62")
    [told] = found(monitor, risk="AFTER_VERIFICATION")
    assert told.event.action == "correct VS"
    assert "AFTER_VERIFICATION" in told.risks


@pytest.mark.requirement("R09")
def test_signatures_verifications_and_queries_stand_in_the_trail_as_acts_about_their_form(
    monitor: User, site: Site, vital_signs: VitalSigns
) -> None:
    verify(actor=monitor, seen=[Seen(vital_signs, 1)], extent="WHOLE")
    signing(who_signs(site), vital_signs)
    acts = {told.event.action: told for told in found(monitor, form="VS", record=str(vital_signs.pk))}
    assert set(acts) == {"sign", "verify", "enter VS"}
    assert {told.event.action for told in found(monitor, kind="WORKFLOW")} >= {"sign", "verify"}
    words: Any = [
        (record.title, change.label, change.after)
        for record in acts["verify"].records
        for change in record.changes
    ]
    assert ("Verification", "extent", "Whole form") in words
