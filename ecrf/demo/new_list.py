"""A list with free slots, so that new subjects can be randomized in the demonstration."""

from trials.actions.randomization_list import create_list
from trials.models import RandomizationList, Study, User

NAME = "Demonstration, fresh"
SLOTS = 40


def make_new_list(study: Study) -> bool:
    """Make the list by its keeper, from fresh random bits, unless it is there; whether it was made."""
    if RandomizationList.objects.filter(study=study, name=NAME).exists():
        return False
    keeper = User.objects.get(username="keeper")
    create_list(actor=keeper, study=study, name=NAME, length=SLOTS, is_demo=True)
    return True
