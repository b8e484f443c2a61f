"""Staff accounts. Consumers are not Django users: their e-mail address is encrypted."""

from django.contrib.auth.models import AbstractUser


class StaffUser(AbstractUser):
    """A member of staff, the DPO, or an external partner with a mandate."""

    # A staff member is known here by a work name alone; the register of people lives elsewhere.
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    class Meta(AbstractUser.Meta):
        pass

    def get_full_name(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username
