"""A signature cannot be cut off, copied or moved, and what was signed cannot be changed under it (11.70)."""

from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from patients.models import Demographics, Signature, SignedForm, Subject, Visit, VitalSigns
from patients.signatures import forms_in_force
from patients.signed_content import Content, broken_signatures
from tests.factories import screened_subject
from tests.patients.conftest import correct
from tests.patients.signing.conftest import signed, signing, who_signs
from trials.models import Site, User

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R28")]


def sql(statement: str, *values: Any) -> None:
    """What somebody does who reaches the database around the application; triggers of other tables stand."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def told() -> list[str]:
    return [str(each) for each in broken_signatures()]


def test_untouched_signatures_fit_void_ones_as_well(
    vital_signs: VitalSigns, man_of_59: Demographics, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs, man_of_59)
    correct(coordinator, vital_signs, weight="61")
    put_signature(vital_signs)
    assert told() == []


def test_a_signature_moved_to_another_record_is_named(
    vital_signs: VitalSigns, coordinator: User, site: Site, put_signature: Any
) -> None:
    put_signature(vital_signs)
    other = VitalSigns.objects.get(subject=screened_subject(coordinator, site))
    form = signed(vital_signs)
    sql("UPDATE patients_signedform SET record_id = %s WHERE id = %s", other.pk, form.pk)
    [found] = told()
    assert f"signature {form.signature_id} of {vital_signs.subject.code} on VS {other.pk}" in found


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("printed_name", "Dr. Somebody Else"),
        ("username", "somebody"),
        ("meaning", "AUTHORSHIP"),
        ("statement", "I saw nothing."),
        ("signed_at", "2020-01-01 00:00:00+00:00"),
        ("role", "MONITOR"),
    ],
)
def test_a_signature_whose_name_time_or_meaning_was_changed_is_named(
    column: str, value: str, vital_signs: VitalSigns, put_signature: Any
) -> None:
    signature = put_signature(vital_signs)
    sql(f"UPDATE patients_signature SET {column} = %s WHERE id = %s", value, signature.pk)
    assert len(told()) == 2
    assert all(f"signature {signature.pk} of ZS-001" in each for each in told())


def test_a_form_put_under_the_signature_of_another_person_is_named(
    vital_signs: VitalSigns, man_of_59: Demographics, site: Site, put_signature: Any
) -> None:
    put_signature(vital_signs)
    other = signing(who_signs(site, full_name="Dr. Second"), man_of_59)
    sql("UPDATE patients_signedform SET signature_id = %s WHERE id = %s", other.pk, signed(vital_signs).pk)
    assert sum("does not belong to this signature" in each for each in told()) == 1
    assert sum("the list of its forms is not what was signed" in each for each in told()) == 2


def test_an_answer_changed_in_the_table_under_a_signature_is_named(
    vital_signs: VitalSigns, put_signature: Any
) -> None:
    put_signature(vital_signs)
    sql("UPDATE patients_vitalsigns SET weight = 61 WHERE id = %s", vital_signs.pk)
    [found] = told()
    assert "the form has changed and the signature is not void" in found


def test_a_line_added_to_the_table_under_a_signature_is_named(
    pressures: VitalSigns, put_signature: Any
) -> None:
    put_signature(pressures)
    sql("UPDATE patients_bloodpressure SET systolic = 121 WHERE parent_id = %s AND repeat = 1", pressures.pk)
    [found] = told()
    assert f"on VS {pressures.pk}" in found


def test_a_signature_that_was_made_valid_again_in_the_table_is_named(
    vital_signs: VitalSigns, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs)
    correct(coordinator, vital_signs, weight="61")
    sql(
        "UPDATE patients_signedform SET void = %s, void_cause = '', void_at = NULL WHERE id = %s",
        False,
        signed(vital_signs).pk,
    )
    [found] = told()
    assert "the form has changed and the signature is not void" in found


def test_what_differs_from_its_audit_trail_cannot_be_signed(
    vital_signs: VitalSigns, put_signature: Any
) -> None:
    sql("UPDATE patients_vitalsigns SET weight = 61 WHERE id = %s", vital_signs.pk)
    with pytest.raises(Exception, match="not what its audit trail says"):
        put_signature(vital_signs)
    assert not Signature.objects.exists()


def test_every_form_of_a_casebook_with_all_its_rows_can_be_signed_and_fits(
    coordinator: User, site: Site, investigator: User
) -> None:
    from patients.forms import definition

    subject: Subject = screened_subject(coordinator, site)
    records = [
        definition(each.oid).model._default_manager.get(pk=each.record_id)
        for each in forms_in_force([subject])
    ]
    signature = signing(investigator, *records, meaning="CASEBOOK", scope="CASEBOOK")
    assert signature.signed_forms.count() == len(records) > 4
    assert told() == []


@given(
    name=st.sampled_from(["weight", "note", "day"]),
    before=st.one_of(st.none(), st.decimals(allow_nan=False, allow_infinity=False), st.text(max_size=20)),
    after=st.one_of(st.none(), st.decimals(allow_nan=False, allow_infinity=False), st.text(max_size=20)),
)
def test_two_contents_have_one_digest_only_where_they_are_equal(name: str, before: Any, after: Any) -> None:
    one, other = (Content({"answers": {name: value}}, {}, ("salt",)) for value in (before, after))
    equal = before == after and type(before) is type(after)
    if equal:
        assert one.salted_digest() == other.salted_digest()
    elif before is None or after is None or type(before) is type(after):
        assert one.salted_digest() != other.salted_digest()


def test_a_salt_is_part_of_the_stored_digest_so_a_redacted_value_is_not_found_by_trying() -> None:
    held = {"answers": {"note": "a name"}}
    first, second = (Content(held, {}, (salt,)) for salt in ("aa", "bb"))
    assert first.salted_digest() != second.salted_digest()
    assert first.same_as(second)


def test_the_visit_is_part_of_what_is_signed(
    vital_signs: VitalSigns, visit: Visit, put_signature: Any
) -> None:
    put_signature(vital_signs)
    sql("UPDATE patients_visit SET occurred_on = '2021-03-05' WHERE id = %s", visit.pk)
    assert len(told()) == 1
    assert SignedForm.objects.get().history_rows["visit"]
