"""What a lender is told of a right of the person, beside the request to delete, and what it answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.form_fields import STATEMENT_LABEL, VIEW, VIEW_LABEL
from applications.models import OwnedBySubject
from applications.personal import AnyField, Category, Personal, Source, personal
from applications.retention_rules import Retention
from lenders.models.kept_answers import KeepsAnswers, answers_of
from lenders.models.lender import Lender
from lenders.models.submission import Submission
from lenders.states import ReviewOutcome, WordKind


def _evidence(field: AnyField, source: Source = Source.SYSTEM) -> AnyField:
    """Kept with the disclosures that it follows, apart from the application's own data."""
    return personal(field, Category.TRANSACTIONS, source, retention=Retention.EVIDENCE)


class LenderWord(KeepsAnswers, OwnedBySubject):
    """A lender that received something is told once of each matter.

    That data were corrected (GDPR Art. 16), restricted or not any more (Art. 18, 19), that a human being is
    to review its decision (Art. 22(3), Directive (EU) 2023/2225 Art. 18(8)). Its id is what the lender knows
    it by, and the idempotency key; `matter` is the request of the person that it belongs to.

    What it says (`given`, the corrected values by label; `text`, the person's own words) is kept until the
    lender knows it; that it was told, longer. Where the lender's interface takes no such word there is no
    delivery of it, and staff tell it: `recorded_by_staff`. `due_on` is the last day for the answer to a
    review.
    """

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="words", verbose_name=_("submission")
    )
    lender = models.ForeignKey(
        Lender, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("lender")
    )
    kind = _evidence(models.CharField(_("what it is told"), max_length=20, choices=WordKind.choices))
    matter = _evidence(models.UUIDField(_("request of the person")))
    text = EncryptedText(
        _("in the person's own words"), label=VIEW_LABEL, null=True, max_length=4000, personal=VIEW
    )
    answers_identification = answers_of(Category.IDENTIFICATION, "lender_word")
    answers_identity_document = answers_of(Category.IDENTITY_DOCUMENT, "lender_word")
    answers_loan = answers_of(Category.LOAN, "lender_word")
    answers_financial = answers_of(Category.FINANCIAL, "lender_word")
    answers_family = answers_of(Category.FAMILY, "lender_word")
    answers_pep = answers_of(Category.PEP, "lender_word")
    asked_at = _evidence(models.DateTimeField(_("asked"), auto_now_add=True))
    due_on = _evidence(models.DateField(_("answer due"), null=True), Source.LENDER)
    told_at = _evidence(models.DateTimeField(_("told"), null=True))
    acknowledged_at = _evidence(models.DateTimeField(_("acknowledged"), null=True), Source.LENDER)
    outcome = _evidence(
        models.CharField(
            _("outcome of the review"),
            max_length=8,
            choices=ReviewOutcome.choices,
            blank=True,
            default=ReviewOutcome.NONE,
        ),
        Source.LENDER,
    )
    explanation = EncryptedText(
        _("how the lender explains it"),
        label="lender_word.explanation",
        null=True,
        max_length=4000,
        personal=Personal(Category.TRANSACTIONS, Source.LENDER),
    )
    answered_at = _evidence(models.DateTimeField(_("answered"), null=True), Source.LENDER)
    recorded_by_staff = _evidence(models.BooleanField(_("recorded by staff"), default=False), Source.STAFF)

    class Meta:
        verbose_name = _("word to a lender")
        verbose_name_plural = _("words to lenders")
        constraints = [
            models.UniqueConstraint(fields=["submission", "kind", "matter"], name="one_word_of_a_matter"),
            models.CheckConstraint(
                condition=models.Q(outcome="", answered_at__isnull=True)
                | ~models.Q(outcome="") & models.Q(answered_at__isnull=False),
                name="a_review_is_answered_at_a_moment",
            ),
        ]
        indexes = [
            # What waits for staff (selectors.for_staff).
            models.Index(fields=["asked_at"], condition=models.Q(told_at__isnull=True), name="word_untold"),
            models.Index(
                fields=["due_on"], condition=models.Q(kind="review", outcome=""), name="word_unanswered"
            ),
            models.Index(fields=["asked_at", "id"], name="word_by_time"),
            models.Index(fields=["kind", "asked_at", "id"], name="word_by_kind"),
            models.Index(fields=["outcome", "asked_at", "id"], name="word_by_outcome"),
            models.Index(fields=["lender", "asked_at", "id"], name="word_by_lender"),
        ]

    @property
    def labels(self) -> tuple[str, ...]:
        """What it hands over, by data-map label; nothing once the lender knows it."""
        own = VIEW_LABEL if self.kind == WordKind.REVIEW else STATEMENT_LABEL
        return (*sorted(self.given), *([own] if self.text else []))

    def forget(self) -> None:
        """Let go of what it says; not saved yet."""
        self.text = None
        for column in self._answer_columns:
            setattr(self, column, None)
