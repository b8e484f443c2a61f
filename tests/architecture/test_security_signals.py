"""Security signals are looked at by people, and by nothing else: no code decides by one."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("joinbaltic", "privacy", "lenders", "applications")
SOURCES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
PAGE = ROOT / "applications/admin/security_signals.py"
SELECTOR = "applications.selectors.security_signals"
SERVICE = "applications.services.security_signals"
# Who writes the network of a session, who has it, who counts it. The migration is among its folder's.
KNOW_THE_NETWORK = {
    "applications/models/subject.py",
    "applications/selectors/security_signals.py",
    "applications/services/accounts.py",
    "applications/services/keys.py",  # counts by index keys, of which a digest's first byte is the number
}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, and every name out of one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{name.name}" for name in node.names)}
    return found


@pytest.mark.parametrize("module", [SELECTOR, SERVICE])
def test_page_of_the_admin_alone_asks_for_signals(module: str) -> None:
    """No service, task, view or lender's code could block, score or rank by what it cannot read."""
    assert [path for path in SOURCES if module in imported(path)] == [PAGE]


def test_nothing_else_reads_the_page() -> None:
    name = "applications.admin.security_signals"
    assert [path.name for path in SOURCES if name in imported(path)] == ["__init__.py"]


def test_nothing_but_the_signals_reads_the_network_of_a_session() -> None:
    """Mailed codes and tries of staff have networks of their own, for the limits."""
    known = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.parent.name != "migrations"
        and {"ConsumerSession", "network_index"} <= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    }
    assert known == KNOW_THE_NETWORK
