"""The register of recipients: who may receive personal data, by which papers, and until when those hold."""

from datetime import date
from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from applications.eea import EEA
from applications.personal import NotPersonal, RecipientKind


class AgreementKind(models.TextChoices):
    """What binds a recipient."""

    PROCESSING = "processing", _("Data-processing agreement (GDPR Art. 28)")
    COOPERATION = "cooperation", _("Cooperation agreement between controllers")
    LAW = "law", _("The law itself: an authority or a court")


class Recipient(models.Model):
    """A company, authority or partner that may receive personal data.

    Data go to it while its agreement is in force and its security assessment is not overdue, and to a lender
    while it has a licence to lend; nothing goes outside the European Economic Area, which a constraint of the
    database holds.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    name = models.CharField(pgettext_lazy("of a company", "name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=RecipientKind.choices)
    registration_number = models.CharField(_("registration number"), max_length=40, blank=True)
    does = models.CharField(
        _("what it does with the data"),
        max_length=300,
        blank=True,
        help_text=_("In words that a consumer understands, where it is not what its kind always does."),
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        choices=EEA.choices,
        help_text=_("Where it is established: inside the EEA."),
    )
    hosting_country = models.CharField(
        _("country of hosting"),
        max_length=2,
        choices=EEA.choices,
        help_text=_("Where it keeps the data: inside the EEA."),
    )
    licence_number = models.CharField(_("number of the licence"), max_length=60, blank=True)
    licence_authority = models.CharField(
        _("issued by"),
        max_length=100,
        blank=True,
        help_text=_(
            "The authority whose register it stands in: the PTAC, Latvijas Banka, or one of another state."
        ),
    )
    licence_until = models.DateField(
        _("licence in force until"), null=True, blank=True, help_text=_("Empty: until further notice.")
    )
    agreement = models.CharField(_("agreement"), max_length=12, choices=AgreementKind.choices)
    agreement_signed_on = models.DateField(_("agreement signed on"), null=True, blank=True)
    agreement_until = models.DateField(
        _("agreement in force until"), null=True, blank=True, help_text=_("Empty: until further notice.")
    )
    assessed_on = models.DateField(_("security assessed on"), null=True, blank=True)
    review_due_on = models.DateField(_("next assessment due on"), null=True, blank=True)
    active = models.BooleanField(_("in use"), default=True)

    not_personal = NotPersonal(
        "facts about a company or an authority",
        "slug", "name", "kind", "registration_number", "does", "country", "hosting_country",
        "licence_number", "licence_authority", "licence_until", "agreement", "agreement_signed_on",
        "agreement_until", "assessed_on", "review_due_on", "active",
    )  # fmt: skip

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["kind", "name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(country__in=EEA.values, hosting_country__in=EEA.values),
                name="recipient_in_the_eea",
                violation_error_message=_("Personal data go to no country outside the EEA."),
            ),
            models.CheckConstraint(
                condition=~models.Q(agreement=AgreementKind.LAW) | models.Q(kind=RecipientKind.AUTHORITY),
                name="only_an_authority_is_bound_by_law_alone",
                violation_error_message=_("Only an authority or a court receives data without an agreement."),
            ),
            models.CheckConstraint(
                condition=models.Q(licence_number="", licence_authority="", licence_until=None)
                | (~models.Q(licence_number="") & ~models.Q(licence_authority="")),
                name="a_licence_has_a_number_and_an_authority",
                violation_error_message=_("A licence has a number, and an authority that issued it."),
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def lapsed(self, today: date) -> "Lapse | None":
        """Why nothing new may be disclosed to it today, or None."""
        if not self.active:
            return Lapse.NOT_IN_USE
        # Non-bank lenders are licensed by the law, banks too; whoever does not lend needs no licence for it.
        if self.kind == RecipientKind.LENDER:
            if not self.licence_number:
                return Lapse.NO_LICENCE
            if self.licence_until is not None and self.licence_until < today:
                return Lapse.LICENCE_ENDED
        if self.agreement != AgreementKind.LAW:
            if self.agreement_signed_on is None or self.agreement_signed_on > today:
                return Lapse.NO_AGREEMENT
            if self.agreement_until is not None and self.agreement_until < today:
                return Lapse.AGREEMENT_ENDED
            if self.assessed_on is None or self.assessed_on > today:
                return Lapse.NOT_ASSESSED
            if self.review_due_on is None or self.review_due_on < today:
                return Lapse.REVIEW_OVERDUE
        return None

    def last_days(self) -> dict[str, date]:
        """The last day of each paper that it needs and that comes to an end, by the name of its field."""
        needed = ["licence_until"] if self.kind == RecipientKind.LENDER else []
        if self.agreement != AgreementKind.LAW:
            needed += ["agreement_until", "review_due_on"]
        return {name: day for name in needed if (day := getattr(self, name)) is not None}


class Lapse(models.TextChoices):
    """Why a recipient may not receive anything new."""

    NOT_IN_USE = "not_in_use", _("It is not in use.")
    NO_LICENCE = "no_licence", _("There is no licence to lend.")
    LICENCE_ENDED = "licence_ended", _("The licence has ended.")
    NO_AGREEMENT = "no_agreement", _("There is no signed agreement.")
    AGREEMENT_ENDED = "agreement_ended", _("The agreement has ended.")
    NOT_ASSESSED = "not_assessed", _("Its security was not assessed.")
    REVIEW_OVERDUE = "review_overdue", _("The review of its security is overdue.")
