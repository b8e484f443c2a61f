"""The financing application and its history."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.actors import ActorKind
from applications.models.notice import NoticeVersion
from applications.models.subject import OwnedBySubject
from applications.personal import AnyField, Category, NotPersonal, Source, personal
from applications.retention_rules import Retention
from applications.states import ApplicationStatus


def _evidence(field: AnyField) -> AnyField:
    """That there was an application, and what came of it: kept when what was typed is gone."""
    return personal(field, Category.TRANSACTIONS, retention=Retention.EVIDENCE)


class Application(OwnedBySubject):
    """One request for financing, from draft to end. What the consumer typed lives in `personal_data`.

    It ends (`closed_at`) when nothing can come of it any more, or when the loan contract is signed. From
    `emptied_at` on only evidence is left of it: to whom it went, on which terms, what was chosen.
    """

    reference = _evidence(
        models.CharField(_("application number"), max_length=20, unique=True, editable=False)
    )
    status = _evidence(
        models.CharField(
            _("state"),
            max_length=12,
            choices=ApplicationStatus.choices,
            default=ApplicationStatus.DRAFT,
        )
    )
    # Grows with every change that the consumer can see: live pages compare it.
    version = models.PositiveIntegerField(_("version"), default=1)
    language = personal(
        models.CharField(_("language"), max_length=2, default="lv"),
        Category.ACCOUNT,
        Source.CONSUMER,
        label="account.language",
        retention=Retention.APPLICATION,
    )
    terms = models.ForeignKey(
        NoticeVersion, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("terms of use")
    )
    privacy_notice = models.ForeignKey(
        NoticeVersion, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("privacy notice")
    )
    created_at = _evidence(models.DateTimeField(_("begun"), auto_now_add=True))
    saved_at = _evidence(models.DateTimeField(_("saved"), auto_now=True))
    submitted_at = _evidence(models.DateTimeField(_("sent"), null=True))
    closed_at = _evidence(models.DateTimeField(_("closed"), null=True))
    emptied_at = _evidence(models.DateTimeField(_("form data deleted"), null=True))

    not_personal = NotPersonal("counts changes for open pages", "version")

    class Meta:
        permissions = [("reveal_application", _("Can see the person behind an application unmasked"))]
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=models.Q(status="draft"), name="one_draft_per_subject"
            ),
            models.CheckConstraint(
                condition=models.Q(status="draft") | models.Q(submitted_at__isnull=False),
                name="a_sent_application_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["submitted_at", "id"], name="application_by_time"),
            models.Index(fields=["status", "submitted_at", "id"], name="application_by_state"),
            # What the retention run looks for.
            models.Index(
                fields=["saved_at", "id"], condition=models.Q(status="draft"), name="draft_by_last_save"
            ),
            models.Index(
                fields=["closed_at", "id"],
                condition=models.Q(emptied_at__isnull=True, closed_at__isnull=False),
                name="application_ended",
            ),
            models.Index(
                fields=["closed_at", "id"],
                condition=models.Q(emptied_at__isnull=False),
                name="application_emptied",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class ApplicationEvent(OwnedBySubject):
    """One change of an application's state: what, when, by whom."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="events", verbose_name=_("application")
    )
    status = personal(
        models.CharField(_("state"), max_length=12, choices=ApplicationStatus.choices), Category.TRANSACTIONS
    )
    actor_kind = personal(
        models.CharField(_("who acted"), max_length=10, choices=ActorKind.choices), Category.TRANSACTIONS
    )
    actor_identifier = personal(
        models.CharField(_("identifier of who acted"), max_length=64), Category.TRANSACTIONS
    )
    at = personal(models.DateTimeField(_("when"), auto_now_add=True), Category.TRANSACTIONS)

    class Meta:
        verbose_name = _("change of state")
        verbose_name_plural = _("changes of state")
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.status} {self.id}"
