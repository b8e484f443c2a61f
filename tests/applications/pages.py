"""Every page of the consumer's floor, visited in one walk with the test client."""

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from applications import flow
from applications.models import Application, NoticeKind, Restriction, RestrictionGround
from applications.personal import Purpose
from lenders.models import Offer
from privacy.models import Arrival, Right, RightsRequest
from privacy.services import running
from tests import factories
from tests.lenders import scene
from tests.privacy import elsewhere

AGREED = {"lenders": ["atra"], "pass_on": "on", "accept_terms": "on"}


@dataclass(frozen=True)
class Page:
    """One answer of the server; `personal` when it shows data of a person."""

    name: str
    response: Any
    personal: bool

    @property
    def text(self) -> str:
        return str(self.response.content.decode(errors="replace"))


class Elements(HTMLParser):
    """The start tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


class Walk:
    """A consumer's way from the first page to a chosen offer."""

    def __init__(self, client: Client, *, email: str = "", language: str = "lv", **answers: Any) -> None:
        self.client, self.language = client, language
        self.email = email or factories.address()
        self.answers = factories.answers(**answers)
        self.paper = f"%PDF-1.7\n{self.answers['employer']}\n%%EOF".encode()
        self.pages: list[Page] = []

    def address(self, name: str, *args: Any) -> str:
        with translation.override(self.language):
            return reverse(name, args=args)

    def get(self, name: str, *args: Any, personal: bool = True) -> Any:
        response = self.client.get(self.address(name, *args))
        self.pages.append(Page(f"GET {name} {args}", response, personal))
        return response

    def post(self, name: str, *args: Any, data: Any = None, personal: bool = True) -> Any:
        response = self.client.post(self.address(name, *args), data or {})
        self.pages.append(Page(f"POST {name} {args}", response, personal))
        return response

    def sign_in(self) -> None:
        self.get("applications:home", personal=False)
        self.get("applications:start", personal=False)
        self.post("applications:start", data={"email": "no address"})
        self.post("applications:start", data={"email": self.email})
        self.get("applications:code")
        self.post("applications:code", data={"code": "12"})
        self.post("applications:code", data={"code": factories.mailed_code(self.email)})
        self.get("applications:resume")

    def fill_in(self) -> None:
        for step in flow.shown_steps(self.answers):
            self.get("applications:step", step.slug)
            self.post("applications:step", step.slug)
            self.post("applications:step", step.slug, data=factories.typed(step.slug, self.answers))
        self.get("applications:step", "name")
        self.get("applications:check")

    def send(self) -> Application:
        shown = self.get("lenders:send").context["form"].now_shown
        self.post("lenders:send")
        self.post("lenders:send", data=AGREED | {"shown": shown})
        application = Application.objects.select_related("subject").latest("created_at")
        self.get("lenders:offers", application.pk)
        self.get("lenders:fragment", application.pk)
        return application

    def give_more(self, application: Application) -> None:
        submission = scene.submission_at(application, "atra")
        scene.say(submission, "needs_more", needs=["identification.phone", "document.income"])
        place = (application.pk, submission.pk)
        self.get("lenders:offers", application.pk)
        self.get("lenders:more", *place)
        self.post("lenders:more", *place, data={"phone": "12"})
        self.post("lenders:more", *place, data={"refuse": ""})
        paper = SimpleUploadedFile(f"{self.answers['surname']}.pdf", self.paper)
        given = {"phone": self.answers["phone"], "document_income": paper}
        self.post("lenders:more", *place, data=given)
        self.get("lenders:offers", application.pk)

    def choose(self, application: Application) -> Offer:
        offer = scene.open_offer(application, "atra")
        self.get("lenders:offers", application.pk)
        self.get("lenders:choose", application.pk, offer.pk)
        self.post("lenders:choose", application.pk, offer.pk)
        self.get("lenders:offers", application.pk)
        return offer

    def look_at_own_data(self) -> None:
        self.get("applications:fresh_code")
        self.post("applications:fresh_code")
        self.get("my_data:index")
        self.get("my_data:copy")
        self.post("my_data:copy")
        request = RightsRequest.objects.get()
        running.run(request.pk)
        self.get("my_data:index")
        page = self.get("my_data:package", request.pk)
        for ending in ("json", "csv", "zip"):
            self.get("my_data:download", request.pk, ending)
        self.get("my_data:attachment", request.pk, next(iter(page.context["document"]["attachments"])))
        self.use_other_rights()
        self.take_elsewhere()
        self.get("my_data:erasure")
        self.post("my_data:erasure")
        self.post("my_data:erasure", data={"understood": "on"})
        erasure = RightsRequest.objects.get(right=Right.ERASURE)
        self.post("my_data:answer", erasure.pk)
        self.post("my_data:withdraw", erasure.pk)
        self.get("my_data:index")

    def use_other_rights(self) -> None:
        application = Application.objects.latest("submitted_at")
        surname = factories.typed("name", self.answers)
        for name in ("corrections", "restriction", "objection", "review"):
            self.get(f"my_data:{name}")
        self.get("my_data:correction", application.pk, "name")
        self.post("my_data:correction", application.pk, "name", data=surname)
        changed = surname | {"surname": "Kalniņa", "statement": "Mainīju uzvārdu."}
        self.post("my_data:correction", application.pk, "name", data=changed)
        self.get("my_data:address")
        self.post("my_data:address", data={"email": self.email})
        other = factories.address()
        self.post("my_data:address", data={"email": other})
        self.get("my_data:address_code")
        self.post("my_data:address_code", data={"code": "12"})
        self.post("my_data:address_code", data={"code": factories.mailed_code(other)})
        for name in ("restriction", "objection", "review"):
            self.post(f"my_data:{name}")
        self.post("my_data:restriction", data={"about": RestrictionGround.ACCURACY, "what": "wrong"})
        self.post("my_data:objection", data={"about": Purpose.INFORM_PUBLIC})
        for request in RightsRequest.objects.exclude(right=Right.ACCESS):
            running.run(request.pk)
        for name in ("restriction", "objection"):
            self.get(f"my_data:{name}")
        self.post("my_data:end_restriction", Restriction.objects.get().pk)
        self.post("my_data:take_objection_back", Purpose.INFORM_PUBLIC)
        objected = RightsRequest.objects.get(right=Right.OBJECTION)
        self.post("my_data:complain", objected.pk)
        papers = RightsRequest.objects.get(right=Right.COMPLAINT)
        running.run(papers.pk)
        self.get("my_data:index")
        self.get("my_data:papers", papers.pk)
        self.get("my_data:papers_file", papers.pk)

    def take_elsewhere(self) -> None:
        """The same product plays the other controller."""
        other = elsewhere.controller()
        self.get("my_data:elsewhere")
        self.post("my_data:elsewhere")
        self.post("my_data:pass_on")
        self.post("my_data:pass_on", data={"controller": str(other.pk), "instructed": "on"})
        request = RightsRequest.objects.get(right=Right.PORTABILITY)
        running.run(request.pk)
        elsewhere.pass_on()
        self.get("my_data:index")
        self.get("my_data:file", request.pk)
        for ending in ("json", "jws"):
            self.get("my_data:download_file", request.pk, ending)
        arrival = Arrival.objects.get()
        self.get("applications:account")
        self.get("my_data:arrival", arrival.pk)
        self.post("my_data:arrival", arrival.pk, data={"take": "no"})

    def leave(self) -> None:
        page = self.get("applications:account")
        self.get("applications:seen")
        self.post("applications:withdraw", page.context["consents"][0].pk)
        self.post("applications:step", "name", data=factories.typed("name", self.answers))
        self.post("applications:sign_out")
        self.post("applications:step", "name", data=factories.typed("name", self.answers))
        self.post("lenders:send", data=AGREED)
        self.get("notices:index", personal=False)
        self.get("notices:recipients", personal=False)

    def all(self) -> list[Page]:
        for kind in NoticeKind:
            factories.notice(kind, language=self.language)
        factories.lender("atra")
        self.sign_in()
        self.fill_in()
        application = self.send()
        self.give_more(application)
        self.choose(application)
        self.look_at_own_data()
        self.leave()
        return self.pages


# --- what holds for every page ---------------------------------------------------------------------------
def nothing_is_inline(page: Page) -> None:
    for tag, attributes in Elements(page.text).found:
        assert "style" not in attributes, (page.name, tag)
        assert not [name for name in attributes if name.startswith("on")], (page.name, tag, attributes)
        assert tag != "style", page.name
        assert tag != "script" or attributes.get("src", "").startswith("/"), page.name
        for name in ("href", "src", "action", "formaction"):
            assert not attributes.get(name, "").lower().startswith(("javascript:", "data:")), page.name
        for name in ("src", "action"):
            assert "//" not in attributes.get(name, ""), (page.name, "nothing is loaded from elsewhere")


def headers_are_strict(page: Page) -> None:
    headers = page.response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    for name, cookie in page.response.cookies.items():
        assert cookie["samesite"] == "Lax", (page.name, name)
        assert cookie["httponly"] or cookie["max-age"] == 0, (page.name, name)
