"""How a lender behaved lately, as all workers know it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.personal import NotPersonal
from lenders.breaker import TOKENS, Circuit
from lenders.models.lender import Lender


class Breaker(models.Model):
    """A lender's circuit breaker and its budget of second tries. No row: closed, with a full budget.

    Apart from the lender, whose row claims lock.
    """

    lender = models.OneToOneField(
        Lender, primary_key=True, on_delete=models.CASCADE, related_name="breaker", verbose_name=_("lender")
    )
    failures = models.PositiveIntegerField(_("failures since the last answer"), default=0)
    open_until = models.DateTimeField(_("left alone until"), null=True)
    # As many as there were at `tokens_at`; time has brought some since. Below zero: those that wait for one.
    tokens = models.FloatField(_("second tries it may have"), default=TOKENS)
    tokens_at = models.DateTimeField(default=timezone.now)

    not_personal = NotPersonal(
        "how a company's server behaves", "failures", "open_until", "tokens", "tokens_at"
    )

    class Meta:
        verbose_name = _("breaker")
        verbose_name_plural = _("breakers")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def circuit(self) -> Circuit:
        return Circuit(self.failures, self.open_until)
