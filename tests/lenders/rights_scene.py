"""Lenders that received an application, and words of the person's rights on their way to them."""

from typing import Any
from uuid import UUID, uuid4

from applications.models import Application
from applications.recipients import Change
from applications.row_security import storing
from lenders.models import LenderWord
from lenders.services.deliveries import Prepared
from lenders.services.words import ask_for_review, tell_rectified, tell_restriction
from tests.lenders import scene
from tests.lenders.deletion_scene import DPO

MATTER = UUID(int=21)
CITY, INCOME, EMPLOYER = "identification.city", "financial.monthly_income_cents", "financial.employer"
VIEW = "canary: man ir jauns darbs"


def correct(application: Application, changes: dict[str, Any], *, matter: UUID = MATTER) -> None:
    told = [Change(label, value) for label, value in changes.items()]
    tell_rectified(subject_id=application.subject_id, matter=matter, changes=told, actor=DPO)


def restricted(application: Application, *, lifted: bool = False, matter: UUID = MATTER) -> None:
    tell_restriction(subject_id=application.subject_id, matter=matter, lifted=lifted, actor=DPO)


def review(
    application: Application, slug: str, *, view: str = VIEW, matter: UUID | None = None
) -> LenderWord:
    submission = scene.submission_at(application, slug)
    return ask_for_review(submission_id=submission.pk, matter=matter or uuid4(), view=view, actor=DPO)


def word(slug: str = "leja", **where: Any) -> LenderWord:
    return LenderWord.objects.get(lender__slug=slug, **where)


def told(application: Application) -> list[tuple[str, str]]:
    """Which lender is told what, in the order of telling."""
    words = LenderWord.objects.filter(submission__application=application).order_by("asked_at")
    return list(words.values_list("lender__slug", "kind"))


def begun(application: Application) -> list[Prepared]:
    """The words that go out now."""
    return [one for one in scene.begun_in_order(application) if one.kind == "word"]


@storing()  # whatever is restricted as well
def answers(prepared: Prepared, status: str = "noted", **more: Any) -> None:
    """The lender's reply to the word itself."""
    document = said(prepared.claim.delivery_id, status, **more)
    submission = LenderWord.objects.get(deliveries=prepared.claim.delivery_id).submission
    scene.finish(prepared, scene.signed_reply(submission, document))


def said(delivery_id: UUID, status: str, **more: Any) -> dict[str, Any]:
    about = LenderWord.objects.select_related("submission__lender").get(deliveries=delivery_id)
    return scene.statement(about.submission, status, **{"notice_id": str(about.pk), **more})


def calls_back(about: LenderWord, status: str, *, message_id: str = "", **more: Any) -> str:
    """The lender's word by callback; what came of it."""
    told_id = {"notice_id": str(about.pk)}
    return scene.say(about.submission, status, message_id=message_id, **(told_id | more))
