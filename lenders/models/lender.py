"""A creditor in the solution."""

from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedJSON
from applications.models import Recipient
from applications.personal import NotPersonal
from applications.validators import MIN_AGE_YEARS
from lenders.states import PauseReason

EVERY_LANGUAGE = tuple(code for code, _name in settings.LANGUAGES)


class Lender(models.Model):
    """A creditor in the solution: where it listens, what it needs, and what it published that it accepts."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    # Whether it may receive anything at all stands in the register of recipients.
    recipient = models.OneToOneField(
        Recipient, on_delete=models.PROTECT, related_name="lender", verbose_name=_("recipient")
    )
    slug = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("lender's name"), max_length=120)
    adapter = models.CharField(_("adapter"), max_length=40)
    base_url = models.URLField(_("address"), max_length=300)
    allowed_hosts = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("host names"),
        help_text=_("Host names that calls to this lender may go to; no other is spoken to."),
    )
    # What `Credentials.stored` gives, encrypted under the lender's own key.
    secrets = EncryptedJSON(label="lender.secrets", null=True, personal=None)
    # Of the certificate among the secrets; written with them.
    certificate_until = models.DateTimeField(
        _("our certificate for it ends"), null=True, blank=True, editable=False
    )
    active = models.BooleanField(_("active"), default=True)
    # For a while, by staff (services.pausing): nothing is sent, what is due waits.
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    paused_reason = models.CharField(
        _("why it is paused"), max_length=20, choices=PauseReason.choices, blank=True
    )
    requested_fields = ArrayField(
        models.CharField(max_length=64),
        verbose_name=_("fields it needs"),
        help_text=_("Labels of the fields this lender needs; it receives no other."),
    )
    minimum_amount_cents = models.PositiveIntegerField(_("least amount, in cents"))
    maximum_amount_cents = models.PositiveIntegerField(_("greatest amount, in cents"))
    minimum_term_months = models.PositiveSmallIntegerField(_("shortest term, in months"))
    maximum_term_months = models.PositiveSmallIntegerField(_("longest term, in months"))
    languages = ArrayField(
        models.CharField(max_length=2, choices=settings.LANGUAGES),
        default=partial(list, EVERY_LANGUAGE),
        verbose_name=_("languages it serves"),
    )
    minimum_age = models.PositiveSmallIntegerField(
        _("least age, in years"), default=MIN_AGE_YEARS, help_text=_("On the day of sending, in whole years.")
    )
    maximum_age = models.PositiveSmallIntegerField(
        _("greatest age, in years"),
        null=True,
        blank=True,
        help_text=_("On the day of sending, in whole years. Empty: no limit."),
    )
    maximum_age_at_end = models.PositiveSmallIntegerField(
        _("greatest age at the end of the term, in years"),
        null=True,
        blank=True,
        help_text=_("In whole years, the term counted from the day of sending. Empty: no limit."),
    )
    page_wait_seconds = models.PositiveSmallIntegerField(
        _("wait of the page, in seconds"),
        default=60,
        help_text=_("How long the consumer's page waits for this lender."),
    )
    late_window_hours = models.PositiveSmallIntegerField(
        _("time for a late answer, in hours"),
        default=72,
        help_text=_("How long after that a late answer still counts."),
    )
    maximum_in_flight = models.PositiveSmallIntegerField(
        _("most calls at once"), default=20, validators=[MinValueValidator(1)]
    )

    not_personal = NotPersonal(
        "facts about a company, and secrets shared with it",
        "slug", "name", "adapter", "base_url", "allowed_hosts", "secrets", "certificate_until",
        "active", "paused_at", "paused_reason", "requested_fields",
        "minimum_amount_cents", "maximum_amount_cents", "minimum_term_months", "maximum_term_months",
        "languages", "minimum_age", "maximum_age", "maximum_age_at_end",
        "page_wait_seconds", "late_window_hours", "maximum_in_flight",
    )  # fmt: skip

    class Meta:
        verbose_name = _("lender")
        verbose_name_plural = _("lenders")
        permissions = [("pause_lender", _("Can pause and resume lenders"))]
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minimum_amount_cents__lte=models.F("maximum_amount_cents"))
                & models.Q(minimum_term_months__lte=models.F("maximum_term_months")),
                name="a_lender_accepts_something",
            ),
            models.CheckConstraint(
                condition=models.Q(languages__len__gt=0)
                & models.Q(minimum_age__gte=MIN_AGE_YEARS)
                & (models.Q(maximum_age=None) | models.Q(maximum_age__gte=models.F("minimum_age")))
                & (
                    models.Q(maximum_age_at_end=None)
                    | models.Q(maximum_age_at_end__gte=models.F("minimum_age"))
                ),
                name="a_lender_serves_somebody",
                violation_error_message=_(
                    "It serves some language and nobody under 18; its greatest age is not below its least."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def owner_id(self) -> UUID:
        return self.id

    @property
    def fit_to_receive(self) -> bool:
        """Whether its licence, agreement and security assessment are in force, today in Riga."""
        return self.recipient.lapsed(timezone.localdate()) is None
