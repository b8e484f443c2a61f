"""Which module carries out which right."""

from collections.abc import Mapping

from privacy.models import Right
from privacy.rights.access import Access
from privacy.rights.base import RightModule
from privacy.rights.erasure import ErasureOfAPerson
from privacy.rights.portability import Portability

MODULES: Mapping[Right, RightModule] = {
    Right.ACCESS: Access(),
    Right.ERASURE: ErasureOfAPerson(),
    Right.PORTABILITY: Portability(),
}


def module_of(right: str) -> RightModule:
    """The module of a right. Raises ValueError for a name that no right has."""
    return MODULES[Right(right)]
