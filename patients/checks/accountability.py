"""Checks of drug accountability: capsules against each other, and against the intake."""

from collections.abc import Iterator

from patients.checks.engine import Check, Hit
from patients.derivations.accountability import accountabilities, unusual_intake
from patients.facts import Facts
from patients.models import DrugAccountability, Severity
from trials.clinical.words import counted


def capsules_contradict(form: DrugAccountability, facts: Facts) -> Iterator[Hit]:
    """No more comes back than went out, and not before it; what was lost has a reason."""
    dispensed: int | None = form.capsules_dispensed
    returned: int | None = form.capsules_returned
    back = (returned or 0) + (form.capsules_lost or 0)
    if dispensed is not None and back > dispensed:
        yield Hit("capsules_returned", _too_many(back, dispensed))
    if returned is not None and not form.returned_on and "returned_on" not in form.missing_reasons:
        yield Hit("returned_on", "Capsules were returned: please give the day.")
    if form.returned_on and returned is None and "capsules_returned" not in form.missing_reasons:
        yield Hit(
            "capsules_returned", "How many capsules were returned? Enter 0 where the package was empty."
        )
    if form.dispensed_on and form.returned_on and form.returned_on < form.dispensed_on:
        yield Hit("returned_on", f"The return lies before the day of dispensing ({form.dispensed_on}).")
    if form.capsules_lost and not form.loss_reason and "loss_reason" not in form.missing_reasons:
        yield Hit("loss_reason", "Capsules were lost or destroyed: how?")


def _too_many(back: int, dispensed: int) -> str:
    came_back = counted(back, "capsule was", "capsules were")
    return f"{came_back} returned or lost, but only {dispensed} dispensed: please correct the numbers."


def intake_differs(form: DrugAccountability, facts: Facts) -> Iterator[Hit]:
    """What was used is what was reported as taken; asked once of what was dispensed on one day."""
    for account in facts.once(accountabilities, form.subject):
        if account.forms[0].pk != form.pk:
            continue
        if message := unusual_intake(facts, form.subject, account):
            yield Hit("capsules_returned", message)


CHECKS = (
    Check(
        "EC20a",
        ("DA",),
        Severity.SOFT,
        capsules_contradict,
        asks="No more capsules come back than went out, and those that are lost have a reason.",
    ),
    Check(
        "EC20b",
        ("DA",),
        Severity.SOFT,
        intake_differs,
        rests_on=("DA", "EC", "ECD", "VS"),
        asks="Capsules dispensed and not returned agree with the intake that was reported.",
    ),
)
