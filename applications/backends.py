"""Who may do what in the admin: Django's permissions, held through roles alone."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

from applications.models import StaffUser
from applications.selectors.staff import roles_in_force


class RoleBackend(ModelBackend):
    """Permissions of the roles that are in force today; an account has none beside them."""

    def _get_user_permissions(self, user_obj: Any) -> QuerySet[Permission]:
        return Permission.objects.none()

    def _get_group_permissions(self, user_obj: StaffUser) -> QuerySet[Permission]:
        return Permission.objects.filter(group__name__in=roles_in_force(user_obj))
