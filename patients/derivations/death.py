"""The death of a subject, as derivations and checks read it."""

from patients.facts import Facts
from patients.models import Death, Subject


def death_of(facts: Facts, subject: Subject) -> Death | None:
    """The page that tells of the death, with its day (`died_on`) as far as it is known.

    A page that is opened but says nothing tells of none.
    """
    forms = facts.forms(Death, subject)
    return next((form for form in forms if form.died_on or form.cause or form.known_on), None)
