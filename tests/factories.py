"""People, drafts, lenders and notices for tests, made by the product's own services."""

import itertools
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pyotp
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications import flow, staff_session
from applications.actors import SYSTEM, Actor
from applications.crypto.keyring import data_key_scope
from applications.crypto.models import DataKey
from applications.models import (
    Application,
    DataSubject,
    MailKind,
    NoticeKind,
    NoticeVersion,
    OutboundMail,
    SecondFactor,
    StaffUser,
    Training,
)
from applications.personal import Purpose
from applications.roles import Role
from applications.selectors.accounts import live_session
from applications.selectors.staff import enrolled_factor
from applications.services import accounts, drafts, second_factor, submitting
from applications.services.housekeeping import KEY_OWNERS
from applications.services.notices import publish_notice
from applications.services.role_conditions import enter_training
from applications.states import ApplicationStatus
from lenders.adapters.base import Credentials
from lenders.models import Lender
from lenders.services.register import register_lender
from tests.clock import later

CODE = re.compile(r"\b[0-9]{6}\b")
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# A recipient whose papers are in order, also as a lender.
IN_ORDER = {
    "country": "LV",
    "hosting_country": "LV",
    "licence_number": "NK-2026-1",
    "licence_authority": "PTAC",
    "agreement_signed_on": date(2026, 1, 1),
    "assessed_on": date(2026, 1, 1),
    "review_due_on": date(2099, 1, 1),
}
PASS_ON = submitting.ConsentGiven(Purpose.PASS_TO_LENDERS, "Pass my application on to these lenders.")
_networks = itertools.count(1)


def answers(**changes: Any) -> dict[str, Any]:
    """Answers to every question, valid today; `changes` replaces some. A value of None leaves one out."""
    complete: dict[str, Any] = {
        "amount_cents": 150_000,
        "term_months": 24,
        "loan_purpose": "vehicle",
        "repayment_day": 15,
        "keyword": "saulīte",
        "given_name": "Anna",
        "surname": "Bērziņa",
        "birth_date": date(1990, 1, 1),
        "personal_code": "321234-56789",
        "document_type": "passport",
        "document_number": "LV1234567",
        "valid_until": timezone.localdate() + timedelta(days=1000),
        "phone": "+37121234567",
        "street_address": "Brīvības iela 1–5",
        "city": "Rīga",
        "postcode": "LV-1010",
        "marital_status": "married",
        "dependants": 0,
        "income_type": "employment",
        "monthly_income_cents": 150_000,
        "employer": "SIA “Piemērs”",
        "monthly_expenses_cents": 40_000,
        "monthly_obligations_cents": 0,
        "pep_status": "none",
    }
    return {name: value for name, value in (complete | changes).items() if value is not None}


def address() -> str:
    """An e-mail address nobody has yet."""
    return f"{uuid4().hex}@piemers.lv"


def network() -> str:
    """An IP address that has asked for no code yet."""
    number = next(_networks)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


# --- signing in -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Asked:
    """A browser that waits for its code: its cookie's value, and what was mailed."""

    token: str
    code: str


def ask_for_code(email: str, *, client_network: str | None = None, language: str = "lv") -> Asked:
    opened = accounts.request_code(email=email, network=client_network or network(), language=language)
    return Asked(opened.token, mailed_code(email))


def mailed_code(email: str) -> str:
    """The newest code on its way to this address."""
    with data_key_scope():
        mails = OutboundMail.objects.filter(kind=MailKind.SIGN_IN_CODE, body__isnull=False)
        newest = next(mail for mail in mails.order_by("-created_at") if mail.recipient == email)
        found = CODE.search(str(newest.body))
    assert found
    return found[0]


@data_key_scope()
def session_token(email: str, *, client_network: str | None = None) -> str:
    """The cookie's value of a browser in which this address was proved."""
    come_from = client_network or network()
    asked = ask_for_code(email, client_network=come_from)
    return accounts.sign_in(browser_token=asked.token, code=asked.code, network=come_from).token


def sign_in(client: Client, email: str | None = None, *, client_network: str | None = None) -> DataSubject:
    """Make `client` a signed-in consumer's browser; whose, is returned."""
    token = session_token(email or address(), client_network=client_network)
    client.cookies[settings.CONSUMER_COOKIE_NAME] = token
    session = live_session(token, idle=accounts.SESSION_IDLE)
    assert session
    return session.subject


def subject(email: str | None = None, *, client_network: str | None = None) -> DataSubject:
    return sign_in(Client(), email, client_network=client_network)


def orphan_keys() -> set[UUID]:
    """The owners of live data keys whose rows were never written."""
    live = set(DataKey.objects.filter(wrapped__isnull=False).values_list("owner_id", flat=True))
    return live.difference(*(model._default_manager.values_list("pk", flat=True) for model in KEY_OWNERS))


# --- staff ----------------------------------------------------------------------------------------------
INTERNAL = tuple(role for role in Role if role is not Role.EXTERNAL)


def staff(*roles: Role, name: str = "", trained: bool = True, **facts: Any) -> StaffUser:
    """An account with these roles, of somebody who is trained."""
    user = StaffUser.objects.create_user(name or "-".join(roles) or "new", is_staff=True, **facts)
    user.groups.set(Group.objects.filter(name__in=roles))
    if trained:
        train(user)
    return user


def root(name: str = "root", **facts: Any) -> StaffUser:
    """An account with every role that one of our own people can have."""
    return staff(*INTERNAL, name=name, **facts)


def staff_who_may(*codenames: str, name: str = "agent") -> StaffUser:
    """An account with exactly these permissions: by a role that nobody else has here, cut down to them."""
    taken = StaffUser.objects.values_list("groups__name", flat=True)
    role = next(role for role in INTERNAL if role not in taken)
    Group.objects.get(name=role).permissions.set(Permission.objects.filter(codename__in=codenames))
    return staff(role, name=name)


def train(user: StaffUser, *, until: date = date(2099, 1, 1)) -> None:
    enter_training(
        training=Training(user=user, course="GDPR", completed_on=date(2026, 1, 1), valid_until=until),
        actor=SYSTEM,
    )


def app_code(*, steps: int = 0) -> str:
    """What the app of every account of these tests shows now, or so many half minutes later."""
    return pyotp.TOTP(TOTP_SECRET).at(timezone.now() + timedelta(seconds=30 * steps))


@data_key_scope()
def enrol(user: StaffUser) -> SecondFactor:
    """Give an account an authenticator app; it was confirmed a while ago, so the code it shows now counts."""
    found = enrolled_factor(user)
    if found:
        return found
    factor = second_factor.factor_to_enrol(user=user)
    second_factor.begin_app(factor=factor, secret=TOTP_SECRET)
    with later(
        seconds=-second_factor.STEP_SECONDS
    ):  # the half minute may end in between: a code is good for its neighbours
        second_factor.confirm_app(factor=factor, code=app_code())
    return enrolled_factor(user) or factor


def sign_in_staff(client: Client, user: StaffUser) -> Client:
    """Make `client` the browser of a member of staff who has just proved password and second factor."""
    factor = enrol(user)
    client.force_login(user)
    session, now = client.session, timezone.now().timestamp()
    session[staff_session.PROOF] = {"factor": str(factor.id), "since": now, "seen": now, "proved": now}
    session.save()
    return client


def staff_browser(user: StaffUser) -> Client:
    """A browser in which this member of staff has signed in."""
    return sign_in_staff(Client(), user)


def fresh(user: StaffUser) -> StaffUser:
    """The account as the next request sees it."""
    return StaffUser.objects.get(pk=user.pk)


# --- applications ---------------------------------------------------------------------------------------
@data_key_scope()
def draft(owner: DataSubject, **given: Any) -> Application:
    """The owner's draft with exactly these answers."""
    actor = Actor.consumer(owner.pk)
    opened = drafts.open_draft(subject_id=owner.pk, language="lv", actor=actor)
    if given:
        drafts.save_answers(application=opened, answers=given, actor=actor)
    return opened


def complete_draft(owner: DataSubject, **changes: Any) -> Application:
    return draft(owner, **answers(**changes))


def typed(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a browser posts for one step of the form, when its questions are answered like this."""
    return dict(flow.step_by_slug(slug).form.from_answers(given).data)


def notice(kind: NoticeKind = NoticeKind.TERMS, number: int = 1, language: str = "lv") -> NoticeVersion:
    return publish_notice(
        kind=kind, number=number, language=language, title=f"{kind} {number}",
        body=f"<p>{kind} {number} {language}</p>", actor=SYSTEM,
    )  # fmt: skip


def lender(slug: str = "alfa", **changes: Any) -> Lender:
    """A lender that takes anything and asks for the name, the e-mail address and the amount."""
    facts: dict[str, Any] = {
        "name": f"Lender {slug}",
        "adapter": "join",
        "base_url": f"https://{slug}.example",
        "allowed_hosts": [f"{slug}.example"],
        "requested_fields": ["identification.given_name", "identification.email", "loan.amount_cents"],
        "minimum_amount_cents": 100_00,
        "maximum_amount_cents": 50_000_00,
        "minimum_term_months": 1,
        "maximum_term_months": 120,
    }
    credentials = Credentials(signing=("whsec_" + "A" * 43 + "=",))
    return register_lender(
        slug=slug, credentials=credentials, actor=SYSTEM, recipient=IN_ORDER, **(facts | changes)
    )


def fields_of(*slugs: str) -> dict[str, list[str]]:
    """What the send page shows of these lenders now; nothing of one that is not there."""
    known = dict(Lender.objects.values_list("slug", "requested_fields"))
    return {slug: known.get(slug, []) for slug in slugs}


@data_key_scope()
def send(application: Application, *recipients: str, **changes: Any) -> None:
    """Send a complete draft to these lenders."""
    options: dict[str, Any] = {
        "recipients": fields_of(*recipients),
        "terms": notice(NoticeKind.TERMS),
        "privacy_notice": notice(NoticeKind.PRIVACY),
        "consents": [PASS_ON],
        "language": "lv",
        "actor": Actor.consumer(application.subject_id),
    }
    submitting.submit(application=application, **(options | changes))


@data_key_scope()
def sent_application(owner: DataSubject, **changes: Any) -> Application:
    """An application that one lender has been sent."""
    application = complete_draft(owner, **changes)
    send(application, lender().slug)
    return Application.objects.get(pk=application.pk, status=ApplicationStatus.SUBMITTED)


# --- at once ----------------------------------------------------------------------------------------------
def in_parallel(action: Callable[[int], Any], count: int) -> list[Any]:
    """What `action(0)` ... `action(count - 1)` return or raise, each in a thread with connections of its own;
    all begin together."""
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = action(number)
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def press_send(client: Client, data: Mapping[str, Any], *, url: str | None = None) -> Any:
    """Post the send page as a browser does: with what the page said it showed."""
    url = url or reverse("lenders:send")
    page = client.get(url)
    shown = page.context["form"].now_shown if page.context and "form" in page.context else ""
    return client.post(url, {**data, "shown": shown})
