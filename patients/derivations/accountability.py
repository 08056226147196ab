"""Capsules dispensed and returned, held against the recorded intake and the planned dose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from patients.derivations.dose import planned
from patients.derivations.dose_history import periods, rhythm_of
from patients.derivations.dose_settings import compliance_limits
from patients.facts import Facts, Source, source
from patients.models import DailyDosePeriod, DrugAccountability, Subject
from trials.clinical.exposure import Period, amount_taken
from trials.clinical.quantity import ARITHMETIC
from trials.clinical.undetermined import Undetermined
from trials.models import Drug, Route
from trials.text import plain


@dataclass(frozen=True)
class Accountability:
    """All dispensings of a daily drug to a subject that begin on one day, up to their return.

    In mg: `used` (dispensed less returned and lost), `reported` (by the dose periods of these days),
    `planned` (the dose of the regimen for as many days). Each is undetermined where something it rests on is
    not known. The capsules of the last day are those taken before the return.
    """

    drug: Drug
    first: date
    last: date | None
    used: Decimal | Undetermined
    reported: Decimal | Undetermined
    planned: Decimal | Undetermined
    sources: tuple[Source, ...]
    forms: tuple[DrugAccountability, ...]

    @property
    def compliance(self) -> Decimal | Undetermined:
        """Intake by capsules in percent of the plan."""
        return _percent(self.used, self.planned)

    @property
    def agreement(self) -> Decimal | Undetermined:
        """Intake by capsules in percent of the intake that was reported."""
        return _percent(self.used, self.reported)

    @property
    def words(self) -> str:
        shown = [
            f"{name} {each.sentence() if isinstance(each, Undetermined) else f'{plain(each)} mg'}"
            for name, each in (("used", self.used), ("reported", self.reported), ("planned", self.planned))
        ]
        return f"{self.drug} from {self.first} to {self.last or 'no return'}: {', '.join(shown)}"


def accountabilities(facts: Facts, subject: Subject) -> list[Accountability]:
    """Each dispensing of a drug that is taken by mouth, by its first day; those of one day together."""
    by_day: dict[tuple[int, date], list[DrugAccountability]] = {}
    for form in facts.forms(DrugAccountability, subject):
        if form.drug is not None and form.drug.route == Route.ORAL and form.dispensed_on is not None:
            by_day.setdefault((form.drug.pk, form.dispensed_on), []).append(form)
    return [
        _account(facts, subject, forms) for _key, forms in sorted(by_day.items(), key=lambda each: each[0])
    ]


def _account(facts: Facts, subject: Subject, forms: Sequence[DrugAccountability]) -> Accountability:
    drug, first = forms[0].drug, forms[0].dispensed_on
    returned = [form.returned_on for form in forms]
    known = [day for day in returned if day is not None]
    last = max(known) if len(known) == len(forms) else None
    used = [_used(form) for form in forms]
    names = ("strength", "capsules_dispensed", "capsules_returned", "capsules_lost")
    told = [source(form, name) for form in forms for name in names if getattr(form, name) is not None]
    taken = _taken(facts, subject, drug, first, last)
    return Accountability(
        drug=drug,
        first=first,
        last=last,
        used=_sum(used),
        reported=_reported(taken, first, last),
        planned=_planned(facts, subject, drug, first, last),
        sources=(*told, *(source(form, "dose") for form in taken)),
        forms=tuple(forms),
    )


def _used(form: DrugAccountability) -> Decimal | Undetermined:
    """What was dispensed and neither returned nor lost, in mg; only a loss is recorded as one.

    Where the number that was lost is said to be unknown it is not taken for none.
    """
    given: dict[str, Any] = {
        "strength of the capsules": form.strength,
        "capsules dispensed": form.capsules_dispensed,
        "capsules returned": form.capsules_returned,
    }
    missing = tuple(name for name, value in given.items() if value is None)
    missing += ("number of the capsules lost",) if "capsules_lost" in form.missing_reasons else ()
    missing += () if form.returned_on else (f"return of what was dispensed on {form.dispensed_on}",)
    if missing:
        return Undetermined(missing)
    capsules = form.capsules_dispensed - form.capsules_returned - (form.capsules_lost or 0)
    if capsules < 0:
        return Undetermined((f"sense in more capsules returned than dispensed on {form.dispensed_on}",))
    return form.strength * capsules


def _taken(
    facts: Facts, subject: Subject, drug: Drug, first: date, last: date | None
) -> list[DailyDosePeriod]:
    return [
        form
        for form in periods(facts, subject, drug)
        if (last is None or form.started <= last) and (form.ended is None or form.ended >= first)
    ]


def _reported(taken: Sequence[DailyDosePeriod], first: date, last: date | None) -> Decimal | Undetermined:
    """The intake of the days from dispensing to the day before the return, by the dose periods."""
    if last is None or last <= first:
        return Undetermined((f"return after the day of dispensing {first}",))
    until = last - timedelta(days=1)
    clipped = [
        Period(max(form.started, first), min(form.ended or until, until), form.dose, rhythm_of(form))
        for form in taken
        if max(form.started, first) <= min(form.ended or until, until)
    ]
    return amount_taken(clipped, first=first, last=until)


def _planned(
    facts: Facts, subject: Subject, drug: Drug, first: date, last: date | None
) -> Decimal | Undetermined:
    if last is None or last <= first:
        return Undetermined((f"return after the day of dispensing {first}",))
    plan = planned(facts, subject, drug.pk, first)
    return Undetermined(("planned dose",)) if plan.dose is None else plan.dose * (last - first).days


def _sum(amounts: Sequence[Decimal | Undetermined]) -> Decimal | Undetermined:
    unknown = [name for each in amounts if isinstance(each, Undetermined) for name in each.missing]
    if unknown:
        return Undetermined(tuple(dict.fromkeys(unknown)))
    return sum((each for each in amounts if isinstance(each, Decimal)), Decimal(0))


def _percent(part: Decimal | Undetermined, whole: Decimal | Undetermined) -> Decimal | Undetermined:
    if isinstance(part, Undetermined):
        return part
    if isinstance(whole, Undetermined):
        return whole
    if not whole:
        return Undetermined(("dose above 0 to compare with",))
    return ARITHMETIC.divide(part * 100, whole)


def unusual_intake(facts: Facts, subject: Subject, account: Accountability) -> str:
    """What is asked about capsules that do not fit the intake; empty where nothing is.

    They are held against the intake that was reported, and against the plan only where that is not known:
    a reduction or interruption that was reported explains a lower intake. The shares are those of the
    setting `compliance_percent`, both ends included; of a drug that it does not name nothing is asked.
    """
    limits = compliance_limits(facts, subject, account.drug)
    if limits is None:
        return ""
    low, high = limits
    by_report = account.agreement
    share, of = (by_report, "reported") if isinstance(by_report, Decimal) else (account.compliance, "planned")
    if not isinstance(share, Decimal) or low <= share <= high:
        return ""
    return (
        f"The capsules say that {plain(round(share, 1))} % of the {of} dose was taken "
        f"({low} to {high} % are expected). {account.words}."
    )
