"""The financing application and its history."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.actors import ActorKind
from applications.models.notice import NoticeVersion
from applications.models.subject import OwnedBySubject
from applications.personal import Category, NotPersonal, Source, personal
from applications.states import ApplicationStatus


class Application(OwnedBySubject):
    """One request for financing, from draft to end. What the consumer typed lives in `personal_data`."""

    reference = personal(
        models.CharField(max_length=20, unique=True, editable=False),
        Category.TRANSACTIONS,
    )
    status = personal(
        models.CharField(
            max_length=12, choices=ApplicationStatus.choices, default=ApplicationStatus.DRAFT, db_index=True
        ),
        Category.TRANSACTIONS,
    )
    # Grows with every change that the consumer can see: live pages compare it.
    version = models.PositiveIntegerField(default=1)
    language = personal(
        models.CharField(max_length=2, default="lv"),
        Category.ACCOUNT,
        Source.CONSUMER,
        label="account.language",
    )
    terms = models.ForeignKey(NoticeVersion, null=True, on_delete=models.PROTECT, related_name="+")
    privacy_notice = models.ForeignKey(NoticeVersion, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = personal(models.DateTimeField(auto_now_add=True), Category.TRANSACTIONS)
    saved_at = personal(models.DateTimeField(auto_now=True), Category.TRANSACTIONS)
    submitted_at = personal(models.DateTimeField(null=True, db_index=True), Category.TRANSACTIONS)
    closed_at = personal(models.DateTimeField(null=True), Category.TRANSACTIONS)

    not_personal = NotPersonal("counts changes for open pages", "version")

    class Meta:
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

    def __str__(self) -> str:
        return self.reference


class ApplicationEvent(OwnedBySubject):
    """One change of an application's state: what, when, by whom."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="events")
    status = personal(
        models.CharField(max_length=12, choices=ApplicationStatus.choices), Category.TRANSACTIONS
    )
    actor_kind = personal(models.CharField(max_length=10, choices=ActorKind.choices), Category.TRANSACTIONS)
    actor_identifier = personal(models.CharField(max_length=64), Category.TRANSACTIONS)
    at = personal(models.DateTimeField(auto_now_add=True), Category.TRANSACTIONS)

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.status} {self.id}"
