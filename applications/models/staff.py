"""Staff accounts. Consumers are not Django users: their e-mail address is encrypted."""

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext_lazy as _

from applications.personal import NotPersonal


class StaffUser(AbstractUser):
    """A member of staff, the DPO, or an external partner with a mandate."""

    # A staff member is known here by a work name alone; the register of people lives elsewhere.
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    not_personal = NotPersonal(
        "a work account: staff are no data subjects of the solution, the employer's records cover them",
        "username", "password", "email", "is_staff", "is_active", "is_superuser", "date_joined", "last_login",
    )  # fmt: skip

    class Meta(AbstractUser.Meta):
        verbose_name = _("staff account")  # type: ignore[assignment]
        verbose_name_plural = _("staff accounts")  # type: ignore[assignment]
        permissions = [("reset_second_factor", _("Can reset the second factor of another account"))]

    def get_full_name(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username
