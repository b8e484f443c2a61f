"""Members of staff with exactly these rights, and a browser each."""

from django.test import Client

from applications.models import StaffUser
from tests import factories


def staff(*permissions: str) -> Client:
    name = f"staff-{len(permissions)}"
    user = StaffUser.objects.filter(username=name).first()
    return factories.sign_in_staff(Client(), user or factories.staff_who_may(*permissions, name=name))
