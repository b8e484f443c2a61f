"""The floors hold, the style holds, the migrations are those of the models."""

import ast
import io
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("joinbaltic", "privacy", "lenders", "applications")
SOURCES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
MIGRATIONS = [path for path in SOURCES if path.parent.name == "migrations" and path.name != "__init__.py"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, text=True, capture_output=True, check=False)


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.mark.slow
def test_imports_go_down_and_never_in_a_circle() -> None:
    found = run(program("lint-imports"), "--no-cache")
    assert found.returncode == 0, found.stdout[-3000:]
    assert "0 broken" in found.stdout


def test_style_holds() -> None:
    found = run(sys.executable, "-m", "ruff", "check", "--no-cache", *FLOORS)
    assert found.returncode == 0, found.stdout[-3000:]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    """But in AppConfig.ready(), before which models do not exist."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        f"{function.name}:{node.lineno}"
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name != "ready"
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert not inside


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: str(path.relative_to(ROOT)))
def test_migration_imports_no_code_of_the_product_but_its_fields(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    own = {module for module in modules if module.split(".")[0] in FLOORS}
    assert own <= {"applications.crypto.fields"}


@pytest.mark.django_db(databases=["default", "keys", "aside"])
def test_migrations_are_those_of_the_models() -> None:
    apps = ("applications", "crypto", "lenders", "privacy")
    said = io.StringIO()
    call_command("makemigrations", *apps, check=True, dry_run=True, stdout=said)
    assert "No changes detected" in said.getvalue()


def test_django_finds_nothing_wrong() -> None:
    call_command("check", fail_level="WARNING", stderr=io.StringIO())
