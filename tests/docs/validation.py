"""Which test shows which requirement: docs/validation.md, made from docs/requirements.yaml and the markers.

`python -m tests.docs.validation` writes the page. Markers are read from the source, so that the page is the
same on every machine and no test need run.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.docs.pages import ROOT

TABLE = ROOT / "docs" / "requirements.yaml"
PAGE = ROOT / "docs" / "validation.md"

HEAD = """# Validation

Made by `python -m tests.docs.validation` from `docs/requirements.yaml` and the tests that carry
`@pytest.mark.requirement(...)`; a test holds this page to them. A requirement of the software without a test
fails the build. Clauses marked as to be confirmed were not read in their official text.
"""

TITLES = {
    "software": "Shown by tests",
    "design": "Holds by design",
    "procedure": "Procedure, not software",
    "open": "Not built yet",
}


@dataclass(frozen=True)
class Requirement:
    """A line of docs/requirements.yaml."""

    id: str
    source: str
    risk: str
    by: str
    text: str
    why: str = ""


def requirements() -> list[Requirement]:
    return [Requirement(**each) for each in yaml.safe_load(TABLE.read_text(encoding="utf-8"))]


def tests_by_requirement() -> dict[str, list[str]]:
    """`file::test` by the id that the test carries, itself or by its class or file."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        of_file = [each for node in tree.body for each in _ids_of_assignment(node)]
        for name, ids in _tests(tree, of_file):
            for each in ids:
                found[each].append(f"{path.relative_to(ROOT)}::{name}")
    return found


def _tests(tree: ast.Module, of_file: list[str]) -> Iterator[tuple[str, list[str]]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            own = [*of_file, *_ids(node.decorator_list)]
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name.startswith("test"):
                    yield f"{node.name}::{inner.name}", [*own, *_ids(inner.decorator_list)]
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield node.name, [*of_file, *_ids(node.decorator_list)]


def _ids_of_assignment(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    ):
        marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
        return _ids(marks)
    return []


def _ids(marks: list[ast.expr]) -> list[str]:
    calls = [mark for mark in marks if isinstance(mark, ast.Call) and _is_requirement(mark.func)]
    return [str(given.value) for call in calls for given in call.args if isinstance(given, ast.Constant)]


def _is_requirement(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr == "requirement"


def page(table: list[Requirement], tests: Mapping[str, list[str]]) -> str:
    """The text of docs/validation.md."""
    parts = [HEAD]
    for by, title in TITLES.items():
        chosen = [each for each in table if each.by == by]
        parts.append(f"\n## {title}\n")
        for each in chosen:
            parts.append(f"\n**{each.id}** ({each.source}; risk {each.risk}) {each.text}")
            if each.why:
                parts.append(f" {each.why}")
            parts.append("\n")
            parts += [f"- `{test}`\n" for test in sorted(set(tests.get(each.id, ())))]
    return "".join(parts)


def write(path: Path = PAGE) -> None:
    path.write_text(page(requirements(), tests_by_requirement()), encoding="utf-8")


if __name__ == "__main__":
    write()
