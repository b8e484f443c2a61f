"""Sending the application: once, whole, and only to the lenders the consumer ticked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from applications import live
from applications.actors import Actor
from applications.errors import IllegalTransition, Incomplete, NoRecipients
from applications.flow import first_incomplete, hidden_answers
from applications.models import Application, Consent, Contract, MailKind, Milestone, NoticeVersion
from applications.personal import Purpose
from applications.selectors.people import answers, draft_of
from applications.services import audit, mail, statistics
from applications.services.drafts import note_event, save_answers
from applications.services.locking import lock_subject
from applications.signals import application_submitted
from applications.states import ApplicationStatus, sources


@dataclass(frozen=True)
class ConsentGiven:
    """A box the consumer ticked: for which purpose, in exactly which words."""

    purpose: Purpose
    wording: str


def submit(
    *,
    application: Application,
    recipients: Mapping[str, Sequence[str]],
    terms: NoticeVersion,
    privacy_notice: NoticeVersion,
    consents: Sequence[ConsentGiven],
    language: str,
    actor: Actor,
) -> None:
    """Send a complete draft to `recipients` and open the contract to use the solution.

    `recipients` are slugs of lenders, each with the fields that it was shown to need.

    One transaction holds the state, the contract, the consents and, through `application_submitted`, the rows
    from which the lenders are asked. Raises IllegalTransition when it was sent already (a second press of the
    button is not a second application), Incomplete, NoRecipients, SubjectErased.
    """
    if not recipients:
        raise NoRecipients
    with transaction.atomic():
        subject = lock_subject(application.subject_id)
        draft = draft_of(subject.pk, purpose=Purpose.HANDLE_APPLICATIONS)
        if draft is None or draft.pk != application.pk:
            raise IllegalTransition
        given = answers(draft, purpose=Purpose.HANDLE_APPLICATIONS)
        if first_incomplete(given) is not None:
            raise Incomplete
        # An answer whose question no longer applies (an employer, without employment) leaves for nobody.
        save_answers(application=draft, answers=dict.fromkeys(hidden_answers(given)), actor=actor)
        now = timezone.now()
        change_status(
            application=draft,
            to=ApplicationStatus.SUBMITTED,
            actor=actor,
            submitted_at=now,
            language=language,
            terms=terms,
            privacy_notice=privacy_notice,
        )
        Contract.objects.create(subject=subject, application=draft, terms=terms, accepted_at=now)
        Consent.objects.bulk_create(
            Consent(
                subject=subject, application=draft, purpose=consent.purpose, wording=consent.wording,
                language=language, given_at=now,
            )
            for consent in consents
        )  # fmt: skip
        fresh = Application.objects.select_related("subject").get(pk=draft.pk)
        application_submitted.send(sender=Application, application=fresh, recipients=recipients, actor=actor)
        mail.compose(
            kind=MailKind.APPLICATION_SENT,
            owner_id=subject.pk,
            recipient=subject.verified_email,
            language=language,
            context={"application": fresh},
        )
        statistics.count_on_commit(subject_id=subject.pk, milestone=Milestone.SENT)


def change_status(
    *, application: Application, to: ApplicationStatus, actor: Actor, **changes: object
) -> None:
    """Compare-and-set the state, with its event, audit entry and news to open pages.

    Raises IllegalTransition when the application stands in a state from which `to` cannot be reached.
    Must run inside a transaction.
    """
    changed = Application.objects.filter(pk=application.pk, status__in=sources(to)).update(
        status=to, **changes
    )
    if changed != 1:
        raise IllegalTransition
    note_event(application=application, status=to, actor=actor)
    audit.record(actor=actor, action=f"application.{to}", subject_id=application.subject_id, row=application)
    live.touch(application.pk)
