"""What a person receives: the package of their data, and letters from templates that the officer edits."""

from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedBytes
from applications.models import DataSubject, OutboundMail
from applications.personal import AnyField, Category, NotPersonal, Personal, Source, personal
from applications.retention_rules import Retention
from privacy.models.requests import RightsRequest


def _register(field: AnyField, source: Source = Source.SYSTEM) -> AnyField:
    return personal(field, Category.ACCOUNT, source, retention=Retention.REQUESTS)


def _package(field: AnyField, source: Source = Source.SYSTEM) -> AnyField:
    return personal(field, Category.ACCOUNT, source, retention=Retention.ANSWERS)


class AccessPackage(models.Model):
    """What is handed out to a person, as held at one moment, under the key of the request, until it expires.

    `content` is JSON: a copy of everything with its attachments, or the file to be taken elsewhere. `held`
    names the values that may be about somebody else; `decisions` says of each whether it is released (GDPR
    Art. 15(4)).
    """

    is_a_copy = True  # of what is exported already

    request = models.OneToOneField(
        RightsRequest, primary_key=True, on_delete=models.CASCADE, related_name="package"
    )
    content = EncryptedBytes(
        label="request.package",
        null=True,
        personal=Personal(Category.ACCOUNT, Source.SYSTEM, retention=Retention.ANSWERS),
    )
    held = _package(models.JSONField(default=list))
    decisions = _package(models.JSONField(default=dict), Source.STAFF)
    made_at = _package(models.DateTimeField())
    released_at = _package(models.DateTimeField(null=True))
    expires_at = _package(models.DateTimeField(null=True))
    opened_at = _package(models.DateTimeField(null=True))

    class Meta:
        verbose_name = _("access package")
        verbose_name_plural = _("access packages")
        indexes = [models.Index(fields=["expires_at"], name="package_by_expiry")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def owner_id(self) -> UUID:
        return self.request_id

    @property
    def undecided(self) -> list[str]:
        """The held values of which nobody has decided yet."""
        return [key for key in self.held if key not in self.decisions]

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["AccessPackage"]:
        return cls._default_manager.filter(request__subject=subject)


class LetterKind(models.TextChoices):
    """What a letter tells."""

    RECEIVED = "received", _("We have received your request")
    WHO = "who", _("We ask whether it is you who asks")
    EXTENDED = "extended", _("We need more time")
    ACCESS = "access", _("Your data are ready")
    NOTHING_HELD = "nothing_held", _("We hold nothing about you")
    ERASED = "erased", _("Your data are erased")
    PARTLY_ERASED = "partly_erased", _("Your data are erased but for a part")
    RECTIFIED = "rectified", _("Your data are corrected")
    RESTRICTED = "restricted", _("The use of your data is restricted")
    RESTRICTION_ENDS = "restriction_ends", _("The restriction is going to end")
    OBJECTION_STANDS = "objection_stands", _("Your objection stands")
    OBJECTION_OVERRULED = "objection_overruled", _("Your objection is overruled")
    REVIEW_PASSED_ON = "review_passed_on", _("We passed on that a human being is to look at it")
    REVIEWED = "reviewed", _("The lender has answered about the review")
    PAPERS = "papers", _("Your papers for a complaint are ready")
    REFUSED = "refused", _("We do not carry it out")
    PORTABLE = "portable", _("Your data are ready to be taken elsewhere")


class LetterTemplate(models.Model):
    """One version of the words of a letter in one language; a change is a new version, the newest counts."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(_("letter"), max_length=20, choices=LetterKind.choices)
    language = models.CharField(_("language"), max_length=2)
    number = models.PositiveSmallIntegerField(_("version"), editable=False)
    title = models.CharField(_("title"), max_length=120)
    body = models.TextField(_("text"))
    written_at = models.DateTimeField(_("written"), auto_now_add=True)

    not_personal = NotPersonal(
        "the words of a letter to anybody", "kind", "language", "number", "title", "body", "written_at"
    )

    class Meta:
        verbose_name = _("letter template")
        verbose_name_plural = _("letter templates")
        ordering = ["kind", "language", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "language", "number"], name="one_template_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.language} {self.number}"


class Letter(models.Model):
    """A letter that was sent as a link: which words, in which version, about which facts.

    `facts` are codes and dates; what the officer adds in words is with the request's own (RequestWords).
    """

    outlives_its_subject = True

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.ForeignKey(RightsRequest, on_delete=models.CASCADE, related_name="letters")
    template = models.ForeignKey(
        LetterTemplate, on_delete=models.PROTECT, related_name="+", verbose_name=_("template")
    )
    facts = _register(models.JSONField(_("what the letter tells"), default=dict))
    mail = models.OneToOneField(OutboundMail, null=True, on_delete=models.SET_NULL, related_name="letter")
    token_hash = models.BinaryField(max_length=32, unique=True)
    written_at = _register(models.DateTimeField(_("written")))
    opens_until = models.DateTimeField(_("opens until"))
    opened_at = _register(models.DateTimeField(_("opened"), null=True))
    # No mail could bring it: whoever works on the request hands it over, and says so.
    to_hand_over = _register(models.BooleanField(_("to be handed over"), default=False))
    handed_over_at = _register(models.DateTimeField(_("handed over"), null=True), Source.STAFF)

    not_personal = NotPersonal(
        "a hash of random bytes, and when they stop working", "token_hash", "opens_until"
    )

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        indexes = [
            models.Index(fields=["request", "written_at"], name="letters_of_request"),
            models.Index(
                fields=["written_at"],
                condition=models.Q(to_hand_over=True, handed_over_at__isnull=True),
                name="letter_to_hand_over",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["Letter"]:
        return cls._default_manager.filter(request__subject=subject)
