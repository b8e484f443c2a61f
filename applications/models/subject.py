"""The data subject, and how a consumer proves to be one: mailed codes and sessions, no password."""

from typing import Self
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import BlindIndex, EncryptedText
from applications.crypto.reading import unless_destroyed
from applications.errors import SubjectErased
from applications.personal import AnyField, Category, Mask, NotPersonal, Personal, Source, personal
from applications.retention_rules import Retention

MAXIMUM_TRIES = 5  # of one mailed code


class DataSubject(models.Model):
    """A natural person whose data are processed. Its id owns the data key of everything about the person."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    customer_reference = personal(
        models.CharField(_("customer reference"), max_length=20, editable=False),
        Category.ACCOUNT,
    )
    account_number = personal(
        models.CharField(_("account number"), max_length=20, editable=False),
        Category.ACCOUNT,
    )
    email = EncryptedText(
        _("e-mail"),
        label="identification.email",
        null=True,
        personal=Personal(
            Category.IDENTIFICATION,
            retention=Retention.ACCOUNT,
            mask=Mask.EMAIL,
            why=_("We send the codes to it by which you sign in, and news of your application."),
        ),
    )
    email_index = BlindIndex(
        source="email", column="identification.email", normalise="applications.normalise.email", unique=True
    )
    language = personal(
        models.CharField(_("language"), max_length=2, default="lv"), Category.ACCOUNT, Source.CONSUMER
    )
    created_at = personal(models.DateTimeField(_("created"), auto_now_add=True), Category.ACCOUNT)
    erased_at = personal(
        models.DateTimeField(_("erased"), null=True, blank=True, editable=False), Category.ACCOUNT
    )

    class Meta:
        verbose_name = _("data subject")
        verbose_name_plural = _("data subjects")
        permissions = [("find_person", _("Can find a person by what they are known by"))]
        # As constraints: a unique column of text gets a second index, for beginnings, which nobody looks for.
        constraints = [
            models.UniqueConstraint(fields=["customer_reference"], name="one_customer_reference"),
            models.UniqueConstraint(fields=["account_number"], name="one_account_number"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(erased_at__isnull=False), name="erased_subject"),
            # What the retention run looks for.
            models.Index(
                fields=["created_at", "id"], condition=models.Q(erased_at__isnull=True), name="living_subject"
            ),
            models.Index(
                fields=["erased_at", "id"],
                condition=models.Q(erased_at__isnull=False),
                name="erased_subject_by_time",
            ),
        ]

    def __str__(self) -> str:
        return self.customer_reference

    @property
    def owner_id(self) -> UUID:
        return self.id

    @classmethod
    def rows_of(cls, subject: "DataSubject") -> models.QuerySet["DataSubject"]:
        """The person's own row."""
        return cls._default_manager.filter(pk=subject.pk)

    @property
    def verified_email(self) -> str:
        """The proved address. Raises SubjectErased: only an erased person has none."""
        if self.email is None:
            raise SubjectErased
        return self.email


class OwnedBySubject(models.Model):
    """A row about one data subject: encrypted under that person's key, gone with the person."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subject = models.ForeignKey(
        DataSubject, on_delete=models.CASCADE, related_name="+", verbose_name=_("data subject")
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet[Self]:
        """This model's rows about one person."""
        return cls._default_manager.filter(subject=subject)

    @property
    def owner_id(self) -> UUID:
        return self.subject_id


def _sign_in(field: AnyField) -> AnyField:
    return personal(field, Category.ACCOUNT, retention=Retention.SECURITY)


class ConsumerSession(OwnedBySubject):
    """A browser in which a consumer proved their e-mail address. Only a hash of its token is kept.

    `network_index` is the network it was opened from, as a keyed digest: read by the security signals alone
    (selectors.security_signals). None where nobody knows it.
    """

    token_hash = models.BinaryField(max_length=32, unique=True)
    network_index = personal(
        models.BinaryField(_("network, as a digest"), max_length=17, null=True),
        Category.LOCATION,
        Source.BROWSER,
        retention=Retention.SECURITY,
        mask=Mask.HIDDEN,
    )
    created_at = _sign_in(models.DateTimeField(_("begun"), auto_now_add=True))
    last_seen_at = _sign_in(models.DateTimeField(_("last used")))
    expires_at = models.DateTimeField()
    ended_at = _sign_in(models.DateTimeField(_("ended"), null=True))

    not_personal = NotPersonal(
        "a hash of random bytes, and when they stop working", "token_hash", "expires_at"
    )

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        indexes = [
            models.Index(
                fields=["created_at"],
                include=["network_index", "subject"],
                condition=models.Q(network_index__isnull=False),
                name="session_by_time",
            ),
            models.Index(fields=["network_index", "created_at"], name="session_by_network"),
            models.Index(fields=["expires_at", "id"], name="session_by_end"),
        ]
        # Of the page of security signals, which belongs to no model; here, because a permission needs one.
        permissions = [("view_security_signals", "Can see the security signals")]


class EmailChallenge(models.Model):
    """A mailed code on its way. The address is encrypted under a key of the challenge's own.

    It is the challenge, not a data subject, that owns that key: nothing here tells whether the address is
    known, and destroying the key forgets an address that never answered.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    address = EncryptedText(
        _("e-mail"),
        label="challenge.address",
        null=True,
        personal=Personal(Category.IDENTIFICATION, retention=Retention.CODE, mask=Mask.EMAIL),
    )
    address_index = BlindIndex(
        source="address", column="challenge.address", normalise="applications.normalise.email", db_index=True
    )
    network_index = personal(
        models.BinaryField(_("network, as a digest"), max_length=17, db_index=True),
        Category.LOCATION,
        Source.BROWSER,
        retention=Retention.CODE,
        mask=Mask.HIDDEN,
    )
    browser_hash = models.BinaryField(max_length=32, unique=True)
    code_hash = models.BinaryField(max_length=32)
    tries = models.PositiveSmallIntegerField(default=0)
    language = models.CharField(max_length=2)
    created_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True)

    not_personal = NotPersonal(
        "of a code on its way, which nothing links to a person once the address is gone",
        "browser_hash", "code_hash", "tries", "language", "created_at", "expires_at", "consumed_at",
    )  # fmt: skip

    class Meta:
        verbose_name = _("mailed code")
        verbose_name_plural = _("mailed codes")
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(tries__gte=MAXIMUM_TRIES, consumed_at__isnull=True),
                name="code_used_up",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["EmailChallenge"]:
        """Codes on their way to the person's address; they end within a day in any case.

        Nothing links a code to a person but the address: without the person's key none can be found.
        """
        address = unless_destroyed(subject, "email")
        if address is None:
            return cls._default_manager.none()
        return cls._default_manager.filter(address_index=address)

    @property
    def owner_id(self) -> UUID:
        return self.id
