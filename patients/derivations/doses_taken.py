"""The doses of study drugs that were taken: the first and the last, of one drug or of any."""

from dataclasses import dataclass
from datetime import date

from patients.facts import Facts, Source, source
from patients.models import DailyDosePeriod, DoseAdministration, Subject

Dose = DoseAdministration | DailyDosePeriod


@dataclass(frozen=True)
class DoseTaken:
    """A dose that was taken and its days: of an infusion one day, of a daily drug those of its period.

    An infusion that is said to be given is one unless its amount is 0. Days of a daily drug are one if their
    dose is above 0: without a dose they may be an interruption, and the record is asked about.

    `last` None: it goes on, or its last day is not recorded.
    """

    form: Dose
    first: date
    last: date | None

    @property
    def known_until(self) -> date:
        """The last day on which it was certainly taken; of a period that goes on its first day."""
        return self.first if self.last is None else self.last

    @property
    def source(self) -> Source:
        """Where its first day stands."""
        return source(self.form, first_day_field(self.form))


def first_day_field(form: Dose) -> str:
    """The question whose answer is the first day of a dose."""
    return "given_on" if isinstance(form, DoseAdministration) else "started"


def first_day(form: Dose) -> date | None:
    """The first day of a dose as it is recorded."""
    return form.given_on if isinstance(form, DoseAdministration) else form.started


def doses_taken(facts: Facts, subject: Subject, drug: int | None = None) -> list[DoseTaken]:
    """The dated doses in order of their first day, of one drug (its key) or of all.

    Of one day an infusion comes before a daily drug. A dose of 0 is none.
    """
    taken = facts.once(_read, subject)
    return taken if drug is None else [each for each in taken if each.form.drug_id == drug]


def _read(facts: Facts, subject: Subject) -> list[DoseTaken]:
    infused = [
        DoseTaken(form, form.given_on, form.given_on)
        for form in facts.forms(DoseAdministration, subject)
        if form.was_given and form.given_on is not None
    ]
    swallowed = [
        DoseTaken(form, form.started, form.ended)
        for form in facts.forms(DailyDosePeriod, subject)
        if form.was_given and form.started is not None
    ]
    return sorted([*infused, *swallowed], key=lambda dose: (dose.first, dose.form.form.oid, dose.form.pk))


def first_dose(facts: Facts, subject: Subject, drug: int | None = None) -> DoseTaken | None:
    """The first dose of a drug (its key), or of any study drug; None where none is recorded."""
    return next(iter(doses_taken(facts, subject, drug)), None)


def first_dose_day(facts: Facts, subject: Subject, drug: int | None = None) -> date | None:
    """The day of the first dose (CDISC RFXSTDTC for any drug); None where none is recorded."""
    found = first_dose(facts, subject, drug)
    return None if found is None else found.first


def last_dose_day(facts: Facts, subject: Subject, drug: int | None = None) -> date | None:
    """The last day on which a dose was certainly taken (CDISC RFXENDTC for any drug); None without one.

    Where `dose_goes_on`, it was perhaps taken later too.
    """
    return max((dose.known_until for dose in doses_taken(facts, subject, drug)), default=None)


def dose_goes_on(facts: Facts, subject: Subject, drug: int | None = None) -> bool:
    """Whether a period of doses has no last day."""
    return any(dose.last is None for dose in doses_taken(facts, subject, drug))


def was_dosed(facts: Facts, subject: Subject) -> bool:
    """Whether a dose of any study drug was taken, also one whose day is not recorded."""
    forms: list[Dose] = [*facts.forms(DoseAdministration, subject), *facts.forms(DailyDosePeriod, subject)]
    return any(form.was_given for form in forms)
