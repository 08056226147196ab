"""What the documentation names must exist."""

import ast
import re
import textwrap
import tomllib
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import find_commands, get_commands, load_command_class

from ecrf.api.schema import REASONS
from ecrf.management.refused import RefusedCommand
from patients.checks.engine import Check, Hit
from patients.derivations.told import Told
from patients.forms import definitions
from patients.models import Form
from tests.docs.pages import PAGES, ROOT, blocks, read, section
from trials.models import RegulatedModel, Role

FLOORS = ("trials", "patients", "ecrf")
LINK = re.compile(r"\]\(([^)#\s]+)")
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
COMMANDS = find_commands(str(ROOT / "ecrf" / "management"))


def folders_with_python() -> list[str]:
    found = {path.parent for floor in FLOORS for path in (ROOT / floor).rglob("*.py")}
    return sorted(str(path.relative_to(ROOT)) for path in found)


def tables() -> list[Any]:
    """Every table of our own, history tables left out."""
    own = [
        model
        for floor in FLOORS
        if floor in apps.app_configs
        for model in apps.get_app_config(floor).get_models()
    ]
    return [model for model in own if not model.__name__.startswith("Historical")]


def forms() -> list[Any]:
    """Every form of the casebook, without the one that only tests have."""
    return [form for form in definitions() if form.model._meta.app_label in FLOORS]


@pytest.mark.parametrize("folder", folders_with_python())
def test_the_architecture_names_every_folder_of_the_three_floors(folder: str) -> None:
    assert f"\n| `{folder}` | " in read("docs/architecture.md")


def test_the_architecture_names_no_folder_that_is_gone() -> None:
    named = re.findall(r"^\| `([a-z_/]+)` \| ", read("docs/architecture.md"), re.MULTILINE)
    assert [name for name in named if not (ROOT / name).is_dir()] == []


def test_the_arrows_of_the_architecture_are_those_that_import_linter_holds() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    page = read("docs/architecture.md")
    layered = [contract for contract in contracts if contract["type"] == "layers"]
    assert layered
    for contract in layered:
        arrows = " -> ".join(re.sub(r"[()]", "", layer) for layer in contract["layers"])
        assert re.search(rf"^{contract['id']}: +{re.escape(arrows)}$", page, re.MULTILINE), arrows


def test_what_clinical_functions_may_not_import_stands_in_the_architecture() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    clinical = next(contract for contract in contracts if contract["id"] == "clinical")
    assert ", ".join(clinical["forbidden_modules"]) in read("docs/architecture.md")


@pytest.mark.parametrize("model", tables(), ids=lambda model: model.__name__)
def test_the_data_model_has_a_line_for_every_table_and_marks_those_with_a_history(model: Any) -> None:
    mark = " ●" if issubclass(model, RegulatedModel) else ""
    assert f"\n| {model.__name__}{mark} | " in read("docs/data-model.md")


@pytest.mark.parametrize("definition", forms(), ids=lambda definition: definition.oid)
def test_the_data_model_names_every_form_and_row_by_the_forms_oid(definition: Any) -> None:
    page = read("docs/data-model.md")
    assert f"\n| {definition.model.__name__} ● | {definition.oid} | " in page
    for row in definition.rows.values():
        assert f"\n| {row.model.__name__} ● | row of {definition.oid} | " in page


def test_the_data_model_draws_every_table() -> None:
    drawn = " ".join(
        block.content for block in blocks(read("docs/data-model.md")) if block.language == "mermaid"
    )
    names = set(re.findall(r"\w+", drawn))
    assert [model.__name__ for model in tables() if model.__name__ not in names] == []


def test_each_word_of_the_glossary_stands_there_once_with_a_source() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in read("docs/glossary.md").splitlines()
        if line.startswith("| ") and not line.startswith("| word |")
    ]
    words = [row[0].lower() for row in rows]
    assert len(words) > 40
    assert sorted(words) == sorted(set(words))
    assert [row for row in rows if len(row) != 3 or not all(row)] == []


def test_the_rest_page_explains_the_statuses_that_the_openapi_document_names() -> None:
    explained = re.findall(r"^\| (\d{3}) \| ", read("docs/rest.md"), re.MULTILINE)
    assert explained == sorted(REASONS)


def walks() -> list[ast.AST]:
    """The Python of the walks; a fragment of a list or a dictionary is read as one."""
    found: list[ast.AST] = []
    for block in blocks(read("CONTRIBUTING.md")):
        if block.language == "python":
            text = textwrap.dedent(block.content)
            brackets = {"*": "[]", '"': "{}"}.get("" if text.startswith('"""') else text[0], "  ")
            found.append(ast.parse((brackets[0] + text.rstrip().rstrip(",") + brackets[1]).strip()))
    return found


def invented(page: str) -> set[str]:
    """The files that a page lets its reader make."""
    return set(re.findall(r"<!-- new: (\S+) -->", read(page)))


def test_the_python_of_the_walks_is_python() -> None:
    assert len(walks()) >= 10


def test_the_walks_import_what_exists_or_what_they_make() -> None:
    made = {path.removesuffix(".py").replace("/", ".") for path in invented("CONTRIBUTING.md")}
    defined = {node.name for walk in walks() for node in ast.walk(walk) if isinstance(node, ast.ClassDef)}
    for node in (each for walk in walks() for each in ast.walk(walk) if isinstance(each, ast.ImportFrom)):
        if node.module not in made:
            module = import_module(str(node.module))
            names = {alias.name for alias in node.names}
            assert {name for name in names if not hasattr(module, name)} <= defined, node.module


def test_the_walks_give_forms_checks_hits_and_answers_the_arguments_that_these_take() -> None:
    taken = {each.__name__: set(signature(each).parameters) for each in (Form, Check, Hit, Told)}
    given: dict[str, set[str]] = {name: set() for name in taken}
    for node in (each for walk in walks() for each in ast.walk(walk) if isinstance(each, ast.Call)):
        if isinstance(node.func, ast.Name) and node.func.id in taken:
            given[node.func.id] |= {str(keyword.arg) for keyword in node.keywords}
    assert all(given[name] <= taken[name] for name in taken), given
    assert {"group", "place", "dated_by"} <= given["Form"]


@pytest.mark.parametrize("role", Role.labels)
def test_every_role_is_explained_in_the_glossary(role: str) -> None:
    assert f"\n| {role} | " in read("docs/glossary.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_in_full_exists(page: Path) -> None:
    named = CODE.findall(page.read_text(encoding="utf-8"))
    roots = (*FLOORS, "tests", "fixtures", "docs")
    paths = [name for name in named if re.fullmatch(rf"({'|'.join(roots)})/[\w./-]+", name)]
    made = invented(str(page.relative_to(ROOT)))
    assert [path for path in paths if path not in made and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    known = get_commands()
    named = set(COMMAND.findall(page.read_text(encoding="utf-8")))
    assert named - set(known) == set()


def test_the_readme_explains_each_command_of_our_own_that_is_not_refused() -> None:
    explained = set(re.findall(r"`(\w+)[^`]*`", " ".join(command_cells())))
    own = {name for name in COMMANDS if not isinstance(load_command_class("ecrf", name), RefusedCommand)}
    assert explained == own


def command_cells() -> list[str]:
    return re.findall(r"^\| (`.+?) \| ", section("README.md", "Commands"), re.MULTILINE)


def test_the_readme_shows_the_two_commands_that_start_everything() -> None:
    shown = [line for block in blocks(read("README.md")) for line in block.content.splitlines()]
    assert "pip install -e . && python manage.py demo" in shown
    assert 'pip install -e ".[test]" && pytest' in shown
