"""What waits for the DPO: read from the registers, the notices and the data map."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.admin.utils import label_for_field
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.data_policy import bases_of
from applications.errors import NoticeChanged
from applications.formats import date_text
from applications.models import Contact, Recipient
from applications.personal import Basis, Purpose
from applications.selectors.staff import handed_over
from applications.staff_site import Flag
from privacy.disclosure_attention import (
    disclosures_to_decide,
    packages_to_settle,
    people_to_tell,
    secrecy_ends_soon,
)
from privacy.key_attention import due_master_keys
from privacy.message_attention import mailbox_not_read, undecided_messages
from privacy.models import Assessment, AssessmentKind, Breach
from privacy.notices import NoticeTextError, to_publish
from privacy.request_attention import (
    left_by_erasures,
    letters_waiting,
    overdue_requests,
    recipients_to_tell,
    requests_due_soon,
    requests_in_trouble,
)
from privacy.retention_attention import notice_to_write, periods_to_decide

ENDS_SOON = timedelta(days=30)


@dataclass(frozen=True)
class Group:
    """Flags of one kind, under a heading."""

    title: str | Promise
    flags: list[Flag]


def groups() -> list[Group]:
    """Everything that waits at this moment, by kind, the most urgent first."""
    now = timezone.now()
    found = [Group(title, list(flags_of(now))) for title, flags_of in KINDS]
    return [group for group in found if group.flags]


def flags() -> list[Flag]:
    """The same in one list, where no heading says what it is about."""
    return [Flag(f"{group.title}: {flag.sentence}", flag.url) for group in groups() for flag in group.flags]


def running_breaches(now: datetime) -> Iterator[Flag]:
    """Breaches of which the authority was not told, though it may have to be (GDPR Art. 33(1))."""
    untold = Q(authority_told_at__isnull=True) | Q(authority_told_at__gt=now)
    open_ones = Breach.objects.filter(untold, need_not_tell=False)
    for breach in open_ones.order_by("noticed_at"):
        sentence = f"{breach}: {breach.clock(now).text}"
        yield Flag(sentence, reverse("admin:privacy_breach_change", args=[breach.pk]))


def unpublished_notices(_now: datetime) -> Iterator[Flag]:
    """Notices of which the published text is not what text and contacts say now."""
    here = reverse("admin:privacy_attention")
    try:
        planned = to_publish()
    except (NoticeTextError, NoticeChanged) as error:
        detail = error.sentence if isinstance(error, NoticeChanged) else error
        yield Flag(str(detail), here)
        return
    for one in planned:
        kind, language = one.text.kind.label, one.text.language
        sentence = _("%(notice)s, version %(number)d, %(language)s") % {
            "notice": kind, "number": one.number, "language": language,
        }  # fmt: skip
        yield Flag(sentence, here)


def doubtful_contacts(_now: datetime) -> Iterator[Flag]:
    """Contacts that look out of date."""
    for contact in Contact.objects.exclude(doubt=""):
        sentence = f"{contact.get_role_display()}: {_(contact.doubt)}"
        yield Flag(sentence, reverse("admin:applications_contact_change", args=[contact.pk]))


def lapsed_recipients(now: datetime) -> Iterator[Flag]:
    """Recipients in use to which nothing new is disclosed, because their papers are not in order."""
    for recipient in Recipient.objects.filter(active=True):
        lapse = recipient.lapsed(timezone.localdate(now))
        if lapse is not None:
            yield Flag(
                f"{recipient.name}: {lapse.label}",
                reverse("admin:applications_recipient_change", args=[recipient.pk]),
            )


def ending_papers(now: datetime) -> Iterator[Flag]:
    """Licences, agreements and security assessments of recipients in use that end within a month."""
    today = timezone.localdate(now)
    for recipient in Recipient.objects.filter(active=True):
        for name, day in recipient.last_days().items():
            if today <= day <= today + ENDS_SOON:
                yield Flag(
                    f"{recipient.name}: {label_for_field(name, Recipient)} {date_text(day)}",
                    reverse("admin:applications_recipient_change", args=[recipient.pk]),
                )


def due_assessments(now: datetime) -> Iterator[Flag]:
    """Assessments whose review is due."""
    for assessment in Assessment.objects.all():
        if assessment.is_due(timezone.localdate(now)):
            yield Flag(assessment.title, reverse("admin:privacy_assessment_change", args=[assessment.pk]))


def unweighed_interests(_now: datetime) -> Iterator[Flag]:
    """Purposes that rest on legitimate interests which nobody weighed (GDPR Art. 6(1)(f)); each leads to the
    form of an assessment, begun for it."""
    kind = AssessmentKind.LEGITIMATE_INTERESTS
    weighed = set(Assessment.objects.filter(kind=kind).values_list("purpose", flat=True))
    for purpose in Purpose:
        if Basis.LEGITIMATE_INTERESTS in bases_of(purpose) and purpose.value not in weighed:
            begun = {"kind": kind.value, "purpose": purpose.value}
            yield Flag(str(purpose.label), reverse("admin:privacy_assessment_add", query=begun))


def handed_over_accounts(_now: datetime) -> Iterator[Flag]:
    """Accounts that may be somebody else's since: their training has to be entered anew, or not."""
    for user in handed_over():
        yield Flag(user.get_username(), reverse("admin:applications_training_add", query={"user": user.pk}))


KINDS: tuple[tuple[str | Promise, Callable[[datetime], Iterator[Flag]]], ...] = (
    (gettext_lazy("Breaches of which the authority was not told"), running_breaches),
    (gettext_lazy("Requests beyond their last day"), overdue_requests),
    (gettext_lazy("Messages that wait for your decision: their clock runs"), undecided_messages),
    (gettext_lazy("The privacy mailbox is not read"), mailbox_not_read),
    (gettext_lazy("Requests that do not go on without you"), requests_in_trouble),
    (gettext_lazy("Something was left after an erasure"), left_by_erasures),
    (gettext_lazy("Requests that are due within a week"), requests_due_soon),
    (gettext_lazy("Master keys that whoever runs the servers has to see to"), due_master_keys),
    (gettext_lazy("Sealed packages of which nobody said what became of them"), packages_to_settle),
    (gettext_lazy("Requests for disclosure that wait for a decision"), disclosures_to_decide),
    (gettext_lazy("Secrecy that ends within two weeks: look at it again"), secrecy_ends_soon),
    (gettext_lazy("People who are to be told of a disclosure"), people_to_tell),
    (gettext_lazy("Recipients that our staff have to tell of an erasure"), recipients_to_tell),
    (gettext_lazy("Letters that our staff have to hand over"), letters_waiting),
    (gettext_lazy("Notices not published as they stand"), unpublished_notices),
    (gettext_lazy("Retention periods that are not decided"), periods_to_decide),
    (gettext_lazy("The privacy notice and the periods in force differ"), notice_to_write),
    (gettext_lazy("Accounts that others were given: who has them now?"), handed_over_accounts),
    (gettext_lazy("Contacts that look out of date"), doubtful_contacts),
    (gettext_lazy("Recipients that receive nothing new"), lapsed_recipients),
    (gettext_lazy("Papers of recipients that end within 30 days"), ending_papers),
    (gettext_lazy("Assessments due for review"), due_assessments),
    (gettext_lazy("Legitimate interests that nobody weighed"), unweighed_interests),
)
