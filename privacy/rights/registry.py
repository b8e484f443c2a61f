"""Which module carries out which right."""

from collections.abc import Mapping

from privacy.models import Right
from privacy.rights.access import Access
from privacy.rights.base import RightModule
from privacy.rights.erasure import ErasureOfAPerson
from privacy.rights.objection import ObjectionToAPurpose
from privacy.rights.papers import PapersForAComplaint
from privacy.rights.portability import Portability
from privacy.rights.rectification import Rectification
from privacy.rights.restriction import RestrictionOfProcessing
from privacy.rights.review import HumanReview

MODULES: Mapping[Right, RightModule] = {
    Right.ACCESS: Access(),
    Right.RECTIFICATION: Rectification(),
    Right.ERASURE: ErasureOfAPerson(),
    Right.RESTRICTION: RestrictionOfProcessing(),
    Right.PORTABILITY: Portability(),
    Right.OBJECTION: ObjectionToAPurpose(),
    Right.REVIEW: HumanReview(),
    Right.COMPLAINT: PapersForAComplaint(),
}


def module_of(right: str) -> RightModule:
    """The module of a right. Raises ValueError for a name that no right has."""
    return MODULES[Right(right)]
