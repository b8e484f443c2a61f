"""Lenders that received an application which came to nothing, and requests to delete it."""

from django.utils import timezone

from applications.actors import Actor
from applications.models import Application, Consent
from applications.personal import Purpose
from applications.services.processing import withdraw_consent
from lenders.adapters.base import ErrorCode, LenderError
from lenders.models import DeletionNotice
from lenders.selectors.for_staff import waiting_submissions
from tests.lenders import scene

DPO = Actor.staff(1)
AWAY = LenderError(ErrorCode.UNREACHABLE, permanent=False)


def received(*slugs: str, **words: str) -> Application:
    """An application that these lenders received and answered."""
    application = scene.sent(*slugs)
    scene.taken_by_all(application, **words)
    return application


def signed(*others: str, **words: str) -> Application:
    """The contract is signed with atra; the others hold the application as well."""
    application = received("atra", *others, **words)
    scene.chosen(application, "atra")
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    return application


def withdraw(application: Application) -> None:
    consent = Consent.objects.get(application=application, purpose=Purpose.PASS_TO_LENDERS)
    actor = Actor.consumer(application.subject_id)
    withdraw_consent(consent_id=consent.pk, subject_id=application.subject_id, actor=actor)


def asked() -> dict[str, str]:
    """Who was asked to delete, and why."""
    return dict(DeletionNotice.objects.values_list("lender__slug", "reason"))


def notice(slug: str = "leja") -> DeletionNotice:
    return DeletionNotice.objects.get(lender__slug=slug)


def answers(application: Application, slug: str, word: str, **more: object) -> None:
    """The lender's reply to the request itself."""
    submission = scene.submission_at(application, slug)
    prepared = scene.begun(application)[slug]
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, word, **more)))


def waits() -> list[tuple[str, str]]:
    return [(one.submission.lender.slug, str(one.waits)) for one in waiting_submissions(timezone.now())]
