"""On what ground data are processed: the contract to use the solution, consents, restrictions, objections."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.data_policy import needs_consent
from applications.models.application import Application
from applications.models.notice import NoticeVersion
from applications.models.subject import OwnedBySubject
from applications.personal import AnyField, Category, Purpose, Source, personal
from applications.retention_rules import Retention


def _evidence(field: AnyField, source: Source = Source.SYSTEM, label: str = "") -> AnyField:
    """On which ground data were processed is kept as evidence, apart from the data themselves."""
    return personal(field, Category.ACCOUNT, source, retention=Retention.EVIDENCE, label=label)


class ContractEnd(models.TextChoices):
    CLOSED = "closed", _("The application was closed")
    SIGNED = "signed", _("The loan contract was signed")
    TERMINATED = "terminated", _("The consumer ended it")
    ERASED = "erased", _("The person's data were erased")


class Contract(OwnedBySubject):
    """The consumer's contract with the controller to use the solution; retention counts from it."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="contract")
    terms = models.ForeignKey(NoticeVersion, on_delete=models.PROTECT, related_name="+")
    accepted_at = _evidence(models.DateTimeField(_("accepted")))
    ended_at = _evidence(models.DateTimeField(_("ended"), null=True, blank=True))
    end = _evidence(
        models.CharField(_("how it ended"), max_length=12, choices=ContractEnd.choices, blank=True)
    )

    class Meta:
        verbose_name = _("contract to use the solution")
        verbose_name_plural = _("contracts to use the solution")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end="")
                | models.Q(ended_at__isnull=False) & ~models.Q(end=""),
                name="an_ended_contract_says_how",
            )
        ]


class Consent(OwnedBySubject):
    """One consent, or one request under the contract: for what, in which words, given and withdrawn when.

    GDPR Art. 7(1), (3). A request is taken back as easily as a consent.
    """

    application = models.ForeignKey(
        Application,
        null=True,
        on_delete=models.CASCADE,
        related_name="consents",
        verbose_name=_("application"),
    )
    purpose = _evidence(
        models.CharField(_("purpose"), max_length=30, choices=Purpose.choices), Source.CONSUMER
    )
    wording = _evidence(
        models.TextField(_("wording"), help_text=_("The exact words the person agreed to.")),
        Source.CONSUMER,
        "account.consents",
    )
    language = _evidence(models.CharField(_("language"), max_length=2), Source.CONSUMER)
    given_at = _evidence(models.DateTimeField(_("given")), Source.CONSUMER)
    withdrawn_at = _evidence(models.DateTimeField(_("withdrawn"), null=True, blank=True), Source.CONSUMER)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "purpose"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="one_live_consent_per_purpose",
            )
        ]
        indexes = [
            # Whether one was taken back is asked of many people at once (selectors.permission).
            models.Index(fields=["purpose", "subject"], name="consent_by_purpose"),
            models.Index(fields=["given_at", "id"], name="consent_by_time"),
            models.Index(fields=["purpose", "given_at", "id"], name="consent_by_purpose_and_time"),
            # Those that stand are almost all, and need no index of their own.
            models.Index(
                fields=["given_at", "id"],
                condition=models.Q(withdrawn_at__isnull=False),
                name="consent_withdrawn",
            ),
        ]

    @property
    def is_request(self) -> bool:
        """Whether the use rests on the contract, and the person asked for it."""
        return not needs_consent(Purpose(self.purpose))


class RestrictionGround(models.TextChoices):
    """Why processing is restricted (GDPR Art. 18(1)(a)-(d))."""

    ACCURACY = "accuracy", _("The person contests that the data are accurate")
    UNLAWFUL = "unlawful", _("Processing is unlawful and the person prefers restriction to erasure")
    CLAIMS = "claims", _("The person needs the data for legal claims")
    OBJECTION = "objection", _("The person objected, and whose grounds weigh more is being decided")


class Restriction(OwnedBySubject):
    """From `since` until `lifted_at` the person's data are only stored (GDPR Art. 18).

    `ends_on` is the day on which it is lifted, once the person was told of it (Art. 18(3)).
    """

    ground = _evidence(models.CharField(_("ground"), max_length=10, choices=RestrictionGround.choices))
    since = _evidence(models.DateTimeField(_("since")))
    ends_on = _evidence(models.DateField(_("ends on"), null=True, blank=True))
    lifted_at = _evidence(models.DateTimeField(_("lifted"), null=True, blank=True))

    class Meta:
        verbose_name = _("restriction")
        verbose_name_plural = _("restrictions")
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "ground"],
                condition=models.Q(lifted_at__isnull=True),
                name="one_live_restriction_per_ground",
            )
        ]
        indexes = [
            models.Index(fields=["since", "id"], name="restriction_by_time"),
            models.Index(fields=["ground", "since", "id"], name="restriction_by_ground"),
            # Those that were lifted are almost all, in the end, and need no index of their own.
            models.Index(
                fields=["since", "id"], condition=models.Q(lifted_at__isnull=True), name="restriction_live"
            ),
            models.Index(
                fields=["ends_on"], condition=models.Q(lifted_at__isnull=True), name="restriction_to_lift"
            ),
            models.Index(
                fields=["lifted_at", "id"],
                condition=models.Q(lifted_at__isnull=False),
                name="restriction_lifted",
            ),
        ]


class Objection(OwnedBySubject):
    """The person objects to one purpose (GDPR Art. 21). It stands until compelling grounds are shown."""

    purpose = _evidence(
        models.CharField(_("purpose"), max_length=30, choices=Purpose.choices), Source.CONSUMER
    )
    made_at = _evidence(models.DateTimeField(_("made")), Source.CONSUMER)
    overruled_at = _evidence(models.DateTimeField(_("overruled"), null=True, blank=True))
    withdrawn_at = _evidence(models.DateTimeField(_("withdrawn"), null=True, blank=True), Source.CONSUMER)

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "purpose"],
                condition=models.Q(overruled_at__isnull=True, withdrawn_at__isnull=True),
                name="one_standing_objection_per_purpose",
            )
        ]
        indexes = [
            models.Index(fields=["made_at", "id"], name="objection_by_time"),
            models.Index(fields=["purpose", "made_at", "id"], name="objection_by_purpose"),
        ]
