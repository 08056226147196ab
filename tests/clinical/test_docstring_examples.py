import doctest
import inspect
from importlib import import_module
from pkgutil import walk_packages

import pytest

from trials import clinical

MODULES = [
    module.name for module in walk_packages(clinical.__path__, f"{clinical.__name__}.") if not module.ispkg
]


def test_the_clinical_modules_are_found():
    assert "trials.clinical.partial_date" in MODULES


def offers_a_function(module):
    """Whether others call it: a module that holds a table or the shape of a value has nothing to show."""
    own = (each for each in vars(module).values() if inspect.isfunction(each))
    return any(each.__module__ == module.__name__ and not each.__name__.startswith("_") for each in own)


@pytest.mark.parametrize("name", MODULES)
def test_every_clinical_module_that_offers_a_function_shows_an_example_that_holds(name):
    module = import_module(name)
    results = doctest.testmod(module)
    assert results.attempted > 0 or not offers_a_function(module), f"{name} shows no example"
    assert results.failed == 0
