"""Signing and changing at the same moment: never a valid signature over what was not signed."""

from functools import partial

import pytest

from patients.actions.save_form import change_form
from patients.actions.seen import Seen, SeenIsStale
from patients.actions.signatures import sign
from patients.models import Signature, SignedForm, VitalSigns
from patients.signed_content import broken_signatures
from tests.factories import coordinator_of, make_site, make_study, screened_subject
from tests.patients.signing.conftest import who_signs
from tests.reentry import typed
from tests.together import together
from trials.actions.errors import Stale, WrongState
from trials.models import User

ROUNDS = 6


def current(key: int) -> VitalSigns:
    return VitalSigns.objects.select_related("subject__site", "subject__chain").get(pk=key)


def put_signature(actor: User, record: VitalSigns) -> Signature:
    return sign(actor=actor, reentry=typed(actor), seen=[Seen(record, record.version)], meaning="REVIEW")


def put_weight(actor: User, record: VitalSigns, weight: str) -> VitalSigns:
    return change_form(
        actor=actor, record=record, version=record.version, reason="mistyped", data={"weight": weight}
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("R28")
def test_signing_and_changing_at_once_never_leaves_a_signature_over_other_content() -> None:
    site = make_site(make_study())
    coordinator, investigator = coordinator_of(site), who_signs(site)
    record = VitalSigns.objects.get(subject=screened_subject(coordinator, site))
    seen_first = 0
    for round_ in range(ROUNDS):
        seen = current(record.pk)
        signed, changed = together(
            partial(put_signature, investigator, seen),
            partial(put_weight, coordinator, seen, str(61 + round_)),
        )
        assert isinstance(changed, VitalSigns), changed
        assert isinstance(signed, Signature | SeenIsStale), signed
        seen_first += isinstance(signed, Signature)
        assert not SignedForm.objects.filter(void=False).exists(), "the change came after, or first"
    assert SignedForm.objects.filter(void=True).count() == seen_first
    assert list(broken_signatures()) == []


@pytest.mark.django_db(transaction=True)
def test_two_signatures_at_once_of_one_person_are_one() -> None:
    site = make_site(make_study())
    coordinator, investigator = coordinator_of(site), who_signs(site)
    record = VitalSigns.objects.get(subject=screened_subject(coordinator, site))

    once = partial(put_signature, investigator, current(record.pk))
    made = together(once, once, once)
    assert sum(isinstance(each, Signature) for each in made) == 1, made
    assert all(isinstance(each, Signature | WrongState | Stale) for each in made), made
    assert Signature.objects.count() == 1
    assert list(broken_signatures()) == []
