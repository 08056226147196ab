"""Consents: to the study, and to each part of it; each version that was signed is a record of its own."""

from typing import Any

import pytest

from patients.derivations.consent import consent_of
from patients.facts import Facts
from patients.models import EntryState, InformedConsent, Subject

SIGNED = {"consented": "Y", "document_version": "1.0"}


def consented(subject: Subject) -> InformedConsent | None:
    return consent_of(Facts([subject]), subject)


@pytest.mark.parametrize("kind", [None, "MAIN"])
def test_a_consent_that_does_not_say_what_for_is_consent_to_the_study(
    enter: Any, subject: Subject, kind: str | None
) -> None:
    record = enter(InformedConsent, kind=kind, signed_on="2021-03-01", **SIGNED)
    assert consented(subject) == record
    assert record.entry_state == EntryState.COMPLETE


@pytest.mark.parametrize("kind", ["TISSUE", "GENETIC", "RE-CONSENT", "BEYOND PROGRESSION", "PREGNANCY"])
def test_a_consent_to_something_else_is_no_consent_to_the_study(
    enter: Any, subject: Subject, kind: str
) -> None:
    enter(InformedConsent, kind=kind, signed_on="2021-02-01", **SIGNED)
    assert consented(subject) is None


def test_the_first_main_consent_counts_whatever_was_signed_before_or_since(
    enter: Any, subject: Subject
) -> None:
    enter(InformedConsent, kind="TISSUE", signed_on="2021-02-01", **SIGNED)
    main = enter(InformedConsent, signed_on="2021-03-01", **SIGNED)
    enter(InformedConsent, kind="RE-CONSENT", signed_on="2021-06-01", consented="Y", document_version="2.0")
    assert consented(subject) == main


def test_a_refusal_is_recorded_with_the_reason_that_was_given_and_is_no_consent(
    enter: Any, subject: Subject
) -> None:
    refused = enter(
        InformedConsent,
        kind="MAIN",
        consented="N",
        refused_reason="Wishes treatment near home",
        document_version="1.0",
        missing_reasons={"signed_on": "NOT_APPLICABLE"},
    )
    assert refused.entry_state == EntryState.COMPLETE
    assert consented(subject) is None


def test_consent_to_tissue_and_to_genetic_tests_are_separate_answers(enter: Any, subject: Subject) -> None:
    record = enter(InformedConsent, signed_on="2021-03-01", tissue_consent="Y", genetic_consent="N", **SIGNED)
    assert (record.tissue_consent, record.genetic_consent) == ("Y", "N")
