"""What takes two: whoever approves is another person than whoever began, and one of them is an officer."""

from applications.models import StaffUser
from applications.roles import Role
from applications.selectors.staff import roles_in_force
from privacy.errors import NoOfficer, SamePerson


def require_two(first: str, second: str) -> None:
    """Two accounts of two people, one of them an officer: of one address they are the same person's.

    Raises SamePerson, NoOfficer.
    """
    people = list(StaffUser.objects.filter(pk__in=[int(one) for one in {first, second} if one.isdecimal()]))
    addresses = [_mailbox(one.email) for one in people if one.email]
    if len(people) < 2 or len(set(addresses)) < len(addresses):
        raise SamePerson
    if not any(one.is_active and Role.DPO in roles_in_force(one) for one in people):
        raise NoOfficer


def _mailbox(address: str) -> str:
    """Where mail to an address goes: what follows a plus sign is the owner's own sorting (RFC 5233)."""
    name, _at, domain = address.casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
