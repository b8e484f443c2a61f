"""Requests of data subjects: the register, every step of each, and the words that are kept apart from both.

The register and the steps are codes and dates. They outlive the person, as proof of what was done (GDPR Art.
5(2)); what somebody wrote, and where they are answered, goes when the answer is out.
"""

from datetime import date
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.actors import ActorKind
from applications.crypto.fields import EncryptedBytes, EncryptedJSON, EncryptedText
from applications.errors import IllegalTransition
from applications.models import DataSubject
from applications.personal import AnyField, Category, Mask, NotPersonal, Personal, Source, personal
from applications.retention_rules import Retention
from privacy.request_clock import RequestClock
from privacy.states import ENDED, RequestStatus


def _register(field: AnyField, source: Source = Source.SYSTEM) -> AnyField:
    return personal(field, Category.ACCOUNT, source, retention=Retention.REQUESTS)


class Right(models.TextChoices):
    """What can be asked for here."""

    ACCESS = "access", _("Access and a copy (GDPR Art. 15)")
    RECTIFICATION = "rectification", _("Rectification (GDPR Art. 16)")
    ERASURE = "erasure", _("Erasure (GDPR Art. 17)")
    RESTRICTION = "restriction", _("Restriction (GDPR Art. 18)")
    PORTABILITY = "portability", _("Portability (GDPR Art. 20)")
    OBJECTION = "objection", _("Objection (GDPR Art. 21)")
    REVIEW = "review", _("Review by a human being (GDPR Art. 22(3))")
    COMPLAINT = "complaint", _("Papers for a complaint (GDPR Art. 77)")


HANDS_OUT = frozenset({Right.ACCESS, Right.PORTABILITY})
"""By these the person gets something that they fetch, while it is there."""


class Way(models.TextChoices):
    """How a request came in."""

    OWN_PAGES = "own_pages", _("From the person's own pages")
    OFFICER = "officer", _("Entered by the data protection officer")
    MAILBOX = "mailbox", _("By e-mail, to the privacy mailbox")


class Identity(models.TextChoices):
    """How it was established who asks (GDPR Art. 12(6))."""

    NONE = "", _("Not established")
    FRESH_CODE = "fresh_code", _("Signed in, with a fresh code")
    CONTACT = "contact", _("Answered at the contact on file")
    OFFICER = "officer", _("Decided by the data protection officer")


class Refusal(models.TextChoices):
    """Why a request is not carried out; each with a sentence in the answer."""

    NOT_IDENTIFIED = "not_identified", _("Nobody could be identified (Art. 11(2), 12(2))")
    NOTHING_HELD = "nothing_held", _("We hold nothing about whoever asks (Art. 15(1))")
    UNFOUNDED = "unfounded", _("Manifestly unfounded or excessive (Art. 12(5))")
    EXCEPTION = "exception", _("An exception of the law holds")


class Exception17(models.TextChoices):
    """Why data stay although their person asked for erasure (GDPR Art. 17(3))."""

    EXPRESSION = "expression", _("Freedom of expression and information (Art. 17(3)(a))")
    DUTY = "duty", _("A law obliges us to keep them (Art. 17(3)(b))")
    CLAIMS = "claims", _("Legal claims are established, exercised or defended (Art. 17(3)(e))")


class Result(models.TextChoices):
    """What came of a request that was carried out, where more than one thing can."""

    STANDS = "stands", _("The objection stands")
    OVERRULED = "overruled", _("Compelling grounds override it (Art. 21(1))")
    PARTLY = "partly", _("Carried out in part")
    TAKEN_BACK = "taken_back", _("The person took back what was carried out")
    ASKED_ANEW = "asked_anew", _("The person asked anew, having proved who they are")
    NOTHING = "nothing", _("There was nothing that it could be done to")


class RightsRequest(models.Model):
    """One request in the register (Art. 5(2), 12). Days are those of Riga."""

    outlives_its_subject = True

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    # None until it is known who asks.
    subject = models.ForeignKey(
        DataSubject, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("data subject")
    )
    reference = _register(models.CharField(_("number"), max_length=20, unique=True, editable=False))
    right = _register(models.CharField(_("right"), max_length=20, choices=Right.choices), Source.CONSUMER)
    # Which one of several: the purpose that is objected to, the ground of a restriction, the application and
    # part of it to be corrected, the submission to be reviewed, the earlier request that is complained about.
    about = _register(models.CharField(_("about"), max_length=40, blank=True), Source.CONSUMER)
    way = _register(models.CharField(_("came in"), max_length=20, choices=Way.choices))
    language = _register(models.CharField(_("language"), max_length=2), Source.CONSUMER)
    status = _register(
        models.CharField(
            _("state"), max_length=20, choices=RequestStatus.choices, default=RequestStatus.RECEIVED
        )
    )
    identity = _register(
        models.CharField(
            _("who asks"), max_length=20, choices=Identity.choices, default=Identity.NONE, blank=True
        )
    )
    refusal = _register(models.CharField(_("why not"), max_length=20, choices=Refusal.choices, blank=True))
    result = _register(
        models.CharField(_("what came of it"), max_length=20, choices=Result.choices, blank=True)
    )
    received_at = _register(models.DateTimeField(_("received")))
    received_on = _register(models.DateField(_("day of receipt")))
    due_on = _register(models.DateField(_("due on")))
    extended_at = _register(models.DateTimeField(_("extended"), null=True))
    paused_days = _register(models.PositiveSmallIntegerField(_("days of waiting"), default=0))
    paused_on = _register(models.DateField(_("waits since"), null=True))
    ended_at = _register(models.DateTimeField(_("ended"), null=True))
    # What an erasure leaves, as decided: {"application": its id, "ground": an Exception17, "until": a day};
    # later also "heir", the person without a name who has it then, and "erased_on".
    kept = _register(models.JSONField(_("what stays"), default=list), Source.STAFF)
    # While it is carried out: the step that comes next, and why the last try of it failed.
    step = models.CharField(_("next step"), max_length=20, blank=True)
    trouble = models.CharField(_("why it does not go on"), max_length=40, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True)

    not_personal = NotPersonal("how far the software has come", "step", "trouble", "tries", "next_try_at")

    class Meta:
        verbose_name = _("request of a data subject")
        verbose_name_plural = _("requests of data subjects")
        permissions = [
            ("work_requests", _("Can decide and carry out requests of data subjects")),
            ("view_requests_dashboard", _("Can see how requests of data subjects stand")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "right", "about"],
                condition=~models.Q(status__in=sorted(ENDED)),
                name="one_open_request_of_a_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) ^ models.Q(status__in=sorted(ENDED)),
                name="an_ended_request_says_when",
            ),
            models.CheckConstraint(
                condition=models.Q(paused_on__isnull=True) | models.Q(status=RequestStatus.IDENTITY_CHECK),
                name="the_clock_stands_still_for_identity_alone",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on", "id"],
                condition=~models.Q(status__in=sorted(ENDED)),
                name="request_due",
            ),
            models.Index(fields=["received_at", "id"], name="request_by_time"),
            # The officer's queue: open ones first, by their last day; then the others, as they ended.
            models.Index(fields=["-ended_at", "due_on", "id"], name="request_queue"),
            models.Index(fields=["status", "-ended_at", "due_on", "id"], name="request_queue_by_state"),
            models.Index(fields=["right", "-ended_at", "due_on", "id"], name="request_queue_by_right"),
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(status__in=[RequestStatus.APPROVED, RequestStatus.RUNNING]),
                name="request_to_run",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def person(self) -> DataSubject:
        """Whom it is about. Raises IllegalTransition while nobody knows."""
        if self.subject is None:
            raise IllegalTransition
        return self.subject

    @property
    def clock(self) -> RequestClock:
        return RequestClock(
            received_on=self.received_on,
            extended=self.extended_at is not None,
            paused_days=self.paused_days,
            paused_on=self.paused_on,
        )

    def set_clock(self, clock: RequestClock, today: date) -> list[str]:
        """Take over a clock; the names of the columns to save."""
        self.paused_days, self.paused_on = clock.paused_days, clock.paused_on
        self.due_on = clock.due_on(today)
        return ["paused_days", "paused_on", "due_on"]

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["RightsRequest"]:
        return cls._default_manager.filter(subject=subject)


class RequestEvent(models.Model):
    """One thing that happened to a request: what, when, who and why, as codes."""

    outlives_its_subject = True

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.ForeignKey(RightsRequest, on_delete=models.CASCADE, related_name="events")
    at = _register(models.DateTimeField(_("when"), auto_now_add=True))
    what = _register(models.CharField(_("what"), max_length=40))
    why = _register(models.CharField(_("why"), max_length=40, blank=True))
    actor_kind = _register(models.CharField(_("who"), max_length=10, choices=ActorKind.choices))
    actor_identifier = _register(models.CharField(_("identifier of who acted"), max_length=64))

    class Meta:
        verbose_name = _("step of a request")
        verbose_name_plural = _("steps of requests")
        indexes = [models.Index(fields=["request", "at"], name="request_events")]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["RequestEvent"]:
        return cls._default_manager.filter(request__subject=subject)


class RequestWords(models.Model):
    """What the person wrote, and where they are answered: under a key of the request's own.

    An erasure is answered after the person's key is gone; then this one is destroyed as well.
    """

    request = models.OneToOneField(
        RightsRequest, primary_key=True, on_delete=models.CASCADE, related_name="words"
    )
    contact = EncryptedText(
        _("where the answer goes"),
        label="request.contact",
        null=True,
        personal=Personal(Category.IDENTIFICATION, retention=Retention.ANSWERS, mask=Mask.EMAIL),
    )
    text = EncryptedText(
        _("what was asked"),
        label="request.text",
        null=True,
        personal=Personal(Category.COMMUNICATIONS, Source.CONSUMER, retention=Retention.ANSWERS),
    )
    view = EncryptedText(
        _("what the lender is told of how the person sees it"),
        label="request.view",
        null=True,
        personal=Personal(Category.COMMUNICATIONS, Source.CONSUMER, retention=Retention.ANSWERS),
    )
    decision = EncryptedText(
        _("how it was established who asks"),
        label="request.decision",
        null=True,
        personal=Personal(Category.COMMUNICATIONS, Source.STAFF, retention=Retention.ANSWERS),
    )
    # By the id of the letter to which they were added.
    reasons = EncryptedJSON(
        _("what the officer adds to the answer"),
        label="request.reasons",
        null=True,
        personal=Personal(Category.COMMUNICATIONS, Source.STAFF, retention=Retention.ANSWERS),
    )
    # What is to be corrected: {"label", "application", "old", "new"} of each value, later also "accepted".
    changes = EncryptedJSON(
        _("what is to be corrected"),
        label="request.changes",
        null=True,
        personal=Personal(Category.IDENTIFICATION, Source.CONSUMER, retention=Retention.ANSWERS),
    )
    # What an erasure looks for when everything is gone: addresses, codes, numbers of the person.
    traces = EncryptedJSON(
        _("what to look for after the erasure"),
        label="request.traces",
        null=True,
        personal=Personal(Category.IDENTIFICATION, retention=Retention.ANSWERS),
    )

    class Meta:
        verbose_name = _("words of a request")
        verbose_name_plural = _("words of requests")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def owner_id(self) -> UUID:
        return self.request_id

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["RequestWords"]:
        return cls._default_manager.filter(request__subject=subject)


class RequestFile(models.Model):
    """A file of a request, under its key: what the person gave as evidence, or what was made for them."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.ForeignKey(RightsRequest, on_delete=models.CASCADE, related_name="files")
    content = EncryptedBytes(
        _("what is in the file"),
        label="request.file",
        null=True,
        personal=Personal(Category.COMMUNICATIONS, Source.CONSUMER, retention=Retention.ANSWERS),
    )
    media_type = _register(models.CharField(_("kind of file"), max_length=40), Source.CONSUMER)
    given_at = _register(models.DateTimeField(_("given"), auto_now_add=True), Source.CONSUMER)

    class Meta:
        verbose_name = _("file of a request")
        verbose_name_plural = _("files of requests")

    def __str__(self) -> str:
        return str(self.id)

    @property
    def owner_id(self) -> UUID:
        return self.request_id

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["RequestFile"]:
        return cls._default_manager.filter(request__subject=subject)
