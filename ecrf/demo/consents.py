"""Consents of one life: to the study at the beginning, to new versions of the document later."""

from datetime import date, timedelta
from typing import Any

from ecrf.demo.calendar import next_working_day
from ecrf.demo.desk import Desk
from patients.models import InformedConsent

VERSIONS = ((date(2020, 1, 1), "2.0"), (date(2020, 11, 2), "3.0"))
"""Versions of the consent document, each from the day of its approval."""
NO_GENETICS_SHARE = 0.12


def version_on(day: date) -> str:
    """The version of the consent document that is in use on a day."""
    return [number for since, number in VERSIONS if since <= day][-1]


class Consents:
    """What one life has signed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.signed = version_on(desk.plan.screened_on)

    def first(self) -> None:
        """Consent to the study, with the separate answers about tissue and genetic tests."""
        genetic = self.desk.plan.draws("consent").random() >= NO_GENETICS_SHARE
        answers = {"tissue_consent": "Y", "genetic_consent": "Y" if genetic else "N"}
        self._sign("MAIN", self.desk.plan.screened_on, answers)

    def renew(self, on: date) -> None:
        """Consent to a new version, at the first visit after its approval."""
        if version_on(on) != self.signed:
            self.signed = version_on(on)
            self._sign("RE-CONSENT", on, {})

    def beyond_progression(self, seen: date) -> None:
        """Consent to treatment beyond progression."""
        self._sign("BEYOND PROGRESSION", next_working_day(seen + timedelta(days=2)), {})

    def follow_pregnancy(self, on: date) -> None:
        """Consent of the partner to the follow-up of her pregnancy."""
        self._sign("PREGNANCY", on, {"signed_by": "PREGNANT PARTNER"})

    def version_on(self, day: date) -> str:
        """The version in use on a day."""
        return version_on(day)

    def _sign(self, kind: str, on: date, answers: dict[str, Any]) -> None:
        data = {
            "kind": kind,
            "consented": "Y",
            "signed_on": on.isoformat(),
            "document_version": version_on(on),
            "copy_given": "Y",
            "document_language": "zh",
            "informed_by": "INVESTIGATOR",
            "signed_by": "SUBJECT",
        }
        self.desk.enter(InformedConsent, data | answers, slips=False)
