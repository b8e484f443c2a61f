"""Staff accounts. Consumers are not Django users: their e-mail address is encrypted."""

from typing import Any

from django.contrib.auth.models import AbstractUser, BaseUserManager, Group
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from applications.personal import NotPersonal
from applications.roles import Role
from applications.signals import administrator_made


class StaffManager(BaseUserManager["StaffUser"]):
    """Accounts of staff. There are no superusers: the first account is an administrator of accounts."""

    def create_user(
        self, username: str, email: str | None = None, password: str | None = None, **facts: Any
    ) -> "StaffUser":
        username = self.model.normalize_username(username)
        user = self.model(username=username, email=self.normalize_email(email), **facts)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, *args: Any, **facts: Any) -> "StaffUser":
        """What `manage.py createsuperuser` makes: an administrator, who makes the other accounts."""
        with transaction.atomic():
            user = self.create_user(username, *args, **facts, is_staff=True)
            user.groups.add(Group.objects.get(name=Role.ADMINISTRATOR))
            administrator_made.send(sender=type(self), user=user)
        return user


class StaffUser(AbstractUser):
    """A member of staff, the DPO, or an external partner with a mandate. Rights come through roles."""

    # A staff member is known here by a work name alone; the register of people lives elsewhere.
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    # Nobody stands above the roles, and nobody has rights past them.
    is_superuser = False
    user_permissions = None  # type: ignore[assignment]

    # When somebody else last set the password or took the second factor away: whoever has the account since
    # may be another person, so training that was entered before counts no longer.
    handed_over_at = models.DateTimeField(null=True, editable=False)

    objects = StaffManager()  # type: ignore[misc, assignment]

    not_personal = NotPersonal(
        "a work account: staff are no data subjects of the solution, the employer's records cover them",
        "username", "password", "email", "is_staff", "is_active", "date_joined", "last_login",
        "handed_over_at",
    )  # fmt: skip

    class Meta(AbstractUser.Meta):
        verbose_name = _("staff account")  # type: ignore[assignment]
        verbose_name_plural = _("staff accounts")  # type: ignore[assignment]
        permissions = [("reset_second_factor", _("Can reset the second factor of another account"))]

    def get_full_name(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username
