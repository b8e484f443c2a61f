"""Requests for disclosure by authorities, courts and partners: the register, and what is kept apart from it.

The register, its steps and cases are codes and dates, and outlive the people in them as proof (GDPR Art.
5(2)). What whoever asked wrote lies under a key of the request's own, the sealed package under one of its
own, and both go.
"""

from datetime import date
from uuid import UUID, uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.actors import ActorKind
from applications.crypto.fields import EncryptedBytes, EncryptedText
from applications.eea import EEA
from applications.models import Application, DataSubject, Recipient
from applications.personal import (
    AnyField,
    Category,
    NotPersonal,
    Personal,
    Purpose,
    RecipientKind,
    Source,
    personal,
)
from applications.retention_rules import Retention
from privacy.disclosure_states import APPROVED_BY_TWO, ENDED, DisclosureState

ASKERS = (RecipientKind.AUTHORITY, RecipientKind.PARTNER)
PURPOSES = {
    RecipientKind.AUTHORITY: Purpose.INFORM_AUTHORITIES,
    RecipientKind.PARTNER: Purpose.LEGAL_CLAIMS,
}
"""What each kind of recipient that asks is given data for."""
NOBODY: frozenset[RecipientKind] = frozenset()


def _register(field: AnyField, source: Source = Source.STAFF) -> AnyField:
    """Of the register itself: shown to the person, passed on to nobody."""
    return personal(field, Category.TRANSACTIONS, source, retention=Retention.EVIDENCE, recipients=NOBODY)


def _words() -> Personal:
    """What an authority writes is about several people, and about its own."""
    return Personal(
        Category.COMMUNICATIONS, Source.STAFF, retention=Retention.CLAIMS, recipients=NOBODY,
        third_persons=True,
    )  # fmt: skip


class AskedBy(models.TextChoices):
    """How a request for disclosure came in."""

    LETTER = "letter", _("By letter")
    EADDRESS = "eaddress", _("To our official electronic address")
    EMAIL = "email", _("By e-mail, signed")
    PERSON = "person", _("Handed over in person")


class HandedBy(models.TextChoices):
    """How a sealed package was handed over."""

    EADDRESS = "eaddress", _("To the official electronic address")
    EMAIL = "email", _("By e-mail")
    PORTAL = "portal", _("Through the recipient's own portal")
    PERSON = "person", _("On a medium, in person")


class WhyNot(models.TextChoices):
    """Why nothing is disclosed."""

    NOTHING_HELD = "nothing_held", _("We hold nothing about them, or it was erased")
    NO_BASIS = "no_basis", _("The law that it names gives no right to the data")
    NO_REASONS = "no_reasons", _("It gives no reasons")
    TOO_MUCH = "too_much", _("It asks for more than its purpose needs")
    NOT_THEM = "not_them", _("It is not certain that it comes from whom it names")


class DisclosureRequest(models.Model):
    """One reasoned request (GDPR Art. 4(9), 6(1)(c), (f)): who asks by which law, for what, what came of it.

    What would be disclosed is fixed when it is assessed; two people then approve exactly that. With
    `hidden_until` nobody learns of it before that day, by the law that `hidden_basis` names.
    """

    outlives_its_subject = True
    hidden_by = "hidden_until"
    subject_id = None  # it may be about several people: its cases say about whom

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    reference = _register(models.CharField(_("number"), max_length=20, unique=True, editable=False))
    kind = _register(
        models.CharField(_("who asks"), max_length=10, choices=[(one.value, one.label) for one in ASKERS])
    )
    recipient = models.ForeignKey(
        Recipient, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("recipient")
    )
    asker = _register(models.CharField(_("name of who asks"), max_length=200))
    country = _register(models.CharField(_("country of who asks"), max_length=2, choices=EEA.choices))
    way = _register(models.CharField(_("came in"), max_length=10, choices=AskedBy.choices))
    legal_basis = _register(models.CharField(_("law and article named"), max_length=200))
    received_at = _register(models.DateTimeField(_("received")))
    answer_by = _register(models.DateField(_("answer wanted by"), null=True))
    state = _register(
        models.CharField(
            _("state"), max_length=15, choices=DisclosureState.choices, default=DisclosureState.RECEIVED
        )
    )
    categories = _register(
        ArrayField(models.CharField(max_length=30, choices=Category.choices), verbose_name=_("categories"))
    )
    # Whether values go as well that may be about somebody else (`third_persons` in the data map).
    with_others = _register(models.BooleanField(_("with what may be about others"), default=False))
    certificate = models.BinaryField(null=True)
    fingerprint = models.CharField(_("fingerprint of the certificate"), max_length=64, blank=True)
    first_by = _register(models.CharField(_("approved first by"), max_length=64, blank=True))
    second_by = _register(models.CharField(_("approved second by"), max_length=64, blank=True))
    hidden_until = _register(models.DateField(_("not told before"), null=True))
    hidden_basis = _register(models.CharField(_("law that forbids telling"), max_length=200, blank=True))
    # SHA-256, hexadecimal: of the file as it left, and of what is in it.
    sealed_digest = models.CharField(_("digest of the sealed file"), max_length=64, blank=True)
    content_digest = models.CharField(_("digest of the content"), max_length=64, blank=True)
    sealed_at = _register(models.DateTimeField(_("sealed"), null=True))
    handed_on = _register(models.DateField(_("handed over"), null=True))
    handed_by = _register(
        models.CharField(_("handed over by"), max_length=10, choices=HandedBy.choices, blank=True)
    )
    why_not = _register(models.CharField(_("why not"), max_length=20, choices=WhyNot.choices, blank=True))
    ended_at = _register(models.DateTimeField(_("ended"), null=True))

    not_personal = NotPersonal(
        "of the organisation that receives, and digests of an encrypted file",
        "certificate", "fingerprint", "sealed_digest", "content_digest",
    )  # fmt: skip

    class Meta:
        verbose_name = _("request for disclosure")
        verbose_name_plural = _("requests for disclosure")
        permissions = [
            ("work_disclosurerequest", _("Can assess requests for disclosure and hand packages over")),
            ("approve_disclosurerequest", _("Can approve a disclosure, as one of two")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) ^ models.Q(state__in=sorted(ENDED)),
                name="an_ended_disclosure_says_when",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=sorted(APPROVED_BY_TWO))
                | (~models.Q(first_by="") & ~models.Q(second_by="")),
                name="a_disclosure_is_approved_by_two",
            ),
            models.CheckConstraint(
                condition=models.Q(second_by="") | ~models.Q(second_by=models.F("first_by")),
                name="by_two_different_people",
            ),
            models.CheckConstraint(
                condition=models.Q(hidden_until__isnull=True) ^ ~models.Q(hidden_basis=""),
                name="secrecy_names_its_law",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=RecipientKind.AUTHORITY) | models.Q(recipient__isnull=False),
                name="a_partner_stands_in_the_register",
            ),
            models.CheckConstraint(
                condition=models.Q(country__in=EEA.values), name="disclosed_inside_the_eea"
            ),
        ]
        indexes = [
            # Open ones first, the oldest of them first; then the others as they ended.
            models.Index(fields=["-ended_at", "received_at", "id"], name="disclosure_queue"),
            models.Index(
                fields=["state", "-ended_at", "received_at", "id"], name="disclosure_queue_by_state"
            ),
            models.Index(fields=["kind", "-ended_at", "received_at", "id"], name="disclosure_queue_by_kind"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def recipient_kind(self) -> RecipientKind:
        return RecipientKind(self.kind)

    @property
    def purpose(self) -> Purpose:
        return PURPOSES[self.recipient_kind]

    def is_hidden(self, today: date) -> bool:
        """Whether the law forbids telling of it today."""
        return self.hidden_until is not None and self.hidden_until > today

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["DisclosureRequest"]:
        cases = DisclosureCase.objects.filter(subject=subject)
        return cls._default_manager.filter(pk__in=cases.values("request"))


class DisclosureCase(models.Model):
    """Whose data a request is about: an application, or what is held of a person apart from applications.

    `delivery` is what the register of disclosures knows it by.
    """

    outlives_its_subject = True
    hidden_by = "request__hidden_until"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.ForeignKey(DisclosureRequest, on_delete=models.CASCADE, related_name="cases")
    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, null=True, on_delete=models.SET_NULL, related_name="+")
    # Stays where the application goes: a case of an application never becomes one of all the rest.
    of_application = models.BooleanField()
    delivery = _register(models.UUIDField(_("delivery"), default=uuid4, unique=True))
    added_at = _register(models.DateTimeField(_("named"), auto_now_add=True))
    told_at = _register(models.DateTimeField(_("told"), null=True))

    not_personal = NotPersonal("what kind of row it names", "of_application")

    class Meta:
        verbose_name = _("case of a request for disclosure")
        verbose_name_plural = _("cases of requests for disclosure")
        constraints = [
            models.UniqueConstraint(
                fields=["request", "subject", "application"],
                nulls_distinct=False,
                name="a_case_is_named_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["DisclosureCase"]:
        return cls._default_manager.filter(subject=subject)


class _OfARequest(models.Model):
    """A row about a request for disclosure, known to whoever may know of the request."""

    hidden_by = "request__hidden_until"

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet:
        cases = DisclosureCase.objects.filter(subject=subject)
        of_them = {"request__in": cases.values("request")}
        return cls._default_manager.filter(**of_them)


class DisclosureEvent(_OfARequest):
    """One thing that happened to a request: what, when, who and why, as codes."""

    outlives_its_subject = True

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.ForeignKey(DisclosureRequest, on_delete=models.CASCADE, related_name="events")
    at = _register(models.DateTimeField(_("when"), auto_now_add=True), Source.SYSTEM)
    what = _register(models.CharField(_("what"), max_length=40), Source.SYSTEM)
    why = _register(models.CharField(_("why"), max_length=40, blank=True), Source.SYSTEM)
    actor_kind = _register(
        models.CharField(_("who"), max_length=10, choices=ActorKind.choices), Source.SYSTEM
    )
    actor_identifier = _register(models.CharField(_("identifier of who acted"), max_length=64), Source.SYSTEM)

    class Meta:
        verbose_name = _("step of a request for disclosure")
        verbose_name_plural = _("steps of requests for disclosure")
        indexes = [models.Index(fields=["request", "at"], name="disclosure_events")]


class DisclosureWords(_OfARequest):
    """What whoever asks wrote, and what was decided in words: under a key of the request's own."""

    request = models.OneToOneField(
        DisclosureRequest, primary_key=True, on_delete=models.CASCADE, related_name="words"
    )
    asker_case = EncryptedText(
        _("their case number"), label="disclosure_request.case", null=True, personal=_words()
    )
    asker_contact = EncryptedText(
        _("where they are reached"), label="disclosure_request.contact", null=True, personal=_words()
    )
    their_reasons = EncryptedText(
        _("the reasons that they give"), label="disclosure_request.reasons", null=True, personal=_words()
    )
    our_reasons = EncryptedText(
        _("why it is refused"), label="disclosure_request.refusal", null=True, personal=_words()
    )

    class Meta:
        verbose_name = _("words of a request for disclosure")
        verbose_name_plural = _("words of requests for disclosure")

    @property
    def owner_id(self) -> UUID:
        return self.request_id


class DisclosureFile(_OfARequest):
    """The letter of whoever asks, under the key of the request."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.ForeignKey(DisclosureRequest, on_delete=models.CASCADE, related_name="files")
    content = EncryptedBytes(
        _("their letter"), label="disclosure_request.letter", null=True, personal=_words()
    )
    media_type = _register(models.CharField(_("kind of file"), max_length=40))

    class Meta:
        verbose_name = _("letter of a request for disclosure")
        verbose_name_plural = _("letters of requests for disclosure")

    @property
    def owner_id(self) -> UUID:
        return self.request_id


class SealedPackage(_OfARequest):
    """What is handed over: a file that only the recipient opens, here under a key of its own until then."""

    is_a_copy = True

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.OneToOneField(DisclosureRequest, on_delete=models.CASCADE, related_name="package")
    content = EncryptedBytes(
        label="disclosure_request.package",
        null=True,
        personal=Personal(
            Category.TRANSACTIONS, Source.SYSTEM, retention=Retention.ANSWERS, recipients=NOBODY
        ),
    )
    expires_at = _register(models.DateTimeField(_("expires")), Source.SYSTEM)
    taken_at = _register(models.DateTimeField(_("first downloaded"), null=True), Source.SYSTEM)

    class Meta:
        verbose_name = _("sealed package")
        verbose_name_plural = _("sealed packages")
        indexes = [models.Index(fields=["expires_at"], name="sealed_by_expiry")]

    @property
    def owner_id(self) -> UUID:
        return self.id
