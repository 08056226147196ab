"""New anticancer therapy that a survival contact tells of, and that no form of subsequent therapy holds."""

from dataclasses import dataclass
from datetime import date

from patients.derivations.doses_taken import doses_taken
from patients.facts import Facts, Source, source
from patients.models import Subject, SubsequentTherapy, SurvivalFollowUp, YesNo
from trials.clinical.partial_date import span


@dataclass(frozen=True)
class ToldTherapy:
    """A therapy of which only a contact tells: begun on an unknown day, not after the contact.

    `between`: the first and the last day on which it may have begun; None where the contact has no day.
    """

    between: tuple[date, date] | None
    source: Source

    @property
    def words(self) -> str:
        when = "a contact without a date" if self.between is None else f"the contact on {self.between[1]}"
        return f"new anticancer therapy told at {when}, of which there is no form"


def told_therapy(facts: Facts, subject: Subject) -> ToldTherapy | None:
    """The first therapy that is only told; None where a form may hold it. Later ones change nothing.

    Contacts after a cutoff are read too: what they tell may have begun before it.
    """
    whole = facts.without_cutoff
    contacts = whole.forms(SurvivalFollowUp, subject)
    place = next((n for n, each in enumerate(contacts) if each.new_therapy == YesNo.YES), None)
    if place is None:
        return None
    contact, therapies = contacts[place], whole.forms(SubsequentTherapy, subject)
    day: date | None = contact.contacted_on
    if any(day is None or not each.started or span(each.started)[0] <= day for each in therapies):
        return None
    told = source(contact, "new_therapy")
    if day is None:
        return ToldTherapy(None, told)
    return ToldTherapy((_not_before(whole, subject, contacts[:place], day), day), told)


def _not_before(facts: Facts, subject: Subject, earlier: list[SurvivalFollowUp], day: date) -> date:
    """The contact before, if it said No; else the last dose up to the contact, or randomization."""
    if earlier and earlier[-1].new_therapy == YesNo.NO and earlier[-1].contacted_on is not None:
        return earlier[-1].contacted_on
    allocation = facts.allocation(subject)
    days = [dose.known_until for dose in doses_taken(facts, subject) if dose.known_until <= day]
    if allocation is not None:
        days.append(allocation.randomized_on)
    return min(day, max(days, default=date.min))
