"""Any change of what was signed voids the signature, in the act that changes it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import Q

from patients.forms import about, definitions
from patients.lifecycle import State, Step, allowed
from patients.marks import in_portions
from patients.models import SignedForm
from patients.signed_content import changes_in_words, recorded_contents, stored_contents
from trials.audit import clock
from trials.audit.context import OpenRecording

if TYPE_CHECKING:
    from patients.actions.consequences import Place


def void_signatures(record: OpenRecording, places: "Sequence[Place]") -> None:
    """Make void what no longer has the content that was signed; the event names each signature and cause.

    What a form holds is compared, not what the act meant to do: so derived values and the day of the visit
    count as well, and a save that changes nothing leaves the signature in force.
    """
    by_form: dict[str, list[SignedForm]] = defaultdict(list)
    for signed in _in_force(places):
        by_form[signed.form].append(signed)
    for form in definitions() if by_form else ():
        own = by_form.get(form.oid, [])
        before = recorded_contents(form, {signed.pk: signed.history_rows for signed in own})
        now = stored_contents(form, {signed.record_id for signed in own})
        for signed in own:
            held = before.get(signed.pk)
            cause = changes_in_words(form, held, now[signed.record_id]) if held else "its history is missing"
            if cause:
                _void(record, signed, cause)


def _in_force(places: "Sequence[Place]") -> list[SignedForm]:
    """The signatures on the forms that changed, and on those of the visits that changed."""
    forms = {(place.record.form.oid, place.record.pk) for place in places if place.record is not None}
    visits = {place.visit_id for place in places if place.record is None} - {None}
    found: dict[int, SignedForm] = {}
    for portion in in_portions(sorted({key for _oid, key in forms})):
        on_forms = Q(record_id__in=portion, form__in={oid for oid, _key in forms})
        for signed in SignedForm.objects.filter(on_forms, void=False).select_related("signature", "subject"):
            if (signed.form, signed.record_id) in forms:
                found[signed.pk] = signed
    for portion in in_portions(sorted(visit for visit in visits if visit is not None)):
        at_visits = SignedForm.objects.filter(visit__in=portion, void=False)
        found |= {signed.pk: signed for signed in at_visits.select_related("signature", "subject")}
    return [found[key] for key in sorted(found)]


def _void(record: OpenRecording, signed: SignedForm, cause: str) -> None:
    allowed(Step.VOID_SIGNATURE, State.SIGNED)
    signed.void, signed.void_cause, signed.void_at = True, cause, clock.now()
    signed.save()
    signature = signed.signature
    place = f"{about(signed.form).title}, entry {signed.repeat}" + (
        f", {signed.visit.code}" if signed.visit is not None else ""
    )
    record.remark(
        signed.audit_chain_id,
        f"Signature of {signature.printed_name} ({signature.username}) of "
        f"{signature.signed_at:%Y-%m-%d %H:%M:%S} UTC on {place} is void: {cause}.",
    )
