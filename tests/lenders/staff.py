"""Members of staff with exactly these rights, and a browser each."""

from django.contrib.auth.models import Permission
from django.test import Client

from applications.models import StaffUser
from tests import factories


def staff(*permissions: str) -> Client:
    user, _new = StaffUser.objects.get_or_create(username=f"staff-{len(permissions)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    factories.sign_in_staff(client, user)
    return client
