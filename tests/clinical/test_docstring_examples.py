import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

from trials import clinical

MODULES = [
    module.name for module in walk_packages(clinical.__path__, f"{clinical.__name__}.") if not module.ispkg
]


def test_the_clinical_modules_are_found():
    assert "trials.clinical.partial_date" in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_every_clinical_module_shows_an_example_that_holds(name):
    results = doctest.testmod(import_module(name))
    assert results.attempted > 0, f"{name} shows no example"
    assert results.failed == 0
