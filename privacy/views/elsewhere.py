"""A person's own pages for taking data elsewhere (GDPR Art. 20): the file, passing it on, and what arrived.

As all pages about one's data they want a code that was mailed just now.
"""

from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from applications.attachments import attachment
from applications.errors import Refusal
from applications.views.fresh_code import fresh_code_required
from applications.views.guard import ConsumerRequest, actor_of
from privacy.errors import NoSuchController, NothingThere
from privacy.models import AccessPackage, Arrival, Right
from privacy.my_data_forms import PassOnForm
from privacy.portability import jws
from privacy.portability.document import FILE_TYPE
from privacy.portability.keys import signed
from privacy.selectors.my_requests import open_package, passed_on
from privacy.selectors.portability import controllers, waiting_for, would_be_taken
from privacy.services import arrivals
from privacy.services.deciding import note_opened
from privacy.services.transfers import instruct
from privacy.views.my_rights import ask


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def elsewhere(request: ConsumerRequest) -> HttpResponse:
    """What is in the file, the button that makes it, and to whom it can be passed on."""
    if request.method == "POST":
        ask(request, Right.PORTABILITY)
        return redirect("my_data:index")
    return _page(request, PassOnForm(controllers()))


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def pass_on(request: ConsumerRequest) -> HttpResponse:
    """The instruction to pass the file on to one other controller. The address alone instructs nothing."""
    if request.method != "POST":
        return redirect("my_data:elsewhere")
    form, subject = PassOnForm(controllers(), request.POST), request.consumer.subject
    if form.is_valid():
        try:
            instruct(
                subject_id=subject.pk, controller_id=form.cleaned_data["controller"],
                language=get_language() or "lv", contact=subject.verified_email, actor=actor_of(request),
            )  # fmt: skip
        except NoSuchController as refused:
            form.add_error(None, str(refused.sentence))
        else:
            return redirect("my_data:index")
    return _page(request, form)


@fresh_code_required
@require_safe
def file(request: ConsumerRequest, request_id: UUID) -> HttpResponse:
    """The page at which the file is fetched."""
    found = _package(request, request_id)
    context = {"package": found, "passed": passed_on([found.request]).get(request_id, ())}
    return render(request, "privacy/my_file.html", context)


@fresh_code_required
@require_safe
def download(request: ConsumerRequest, request_id: UUID, ending: str) -> HttpResponse:
    """The file, or its signature: detached, over the very bytes of the file."""
    if ending not in {"json", "jws"}:
        raise Http404
    found = _package(request, request_id)
    note_opened(request_id=found.pk, actor=actor_of(request))
    content = bytes(found.content or b"")
    if ending == "json":
        return attachment(content, "data.json", "application/json")
    return attachment(jws.detached(signed(content, typ=FILE_TYPE)).encode(), "data.jws", "application/jose")


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def arrival(request: ConsumerRequest, arrival_id: UUID) -> HttpResponse:
    """What another controller passed on: what would be taken into the draft, and the two buttons."""
    subject = request.consumer.subject
    found = next((one for one in waiting_for(subject) if one.pk == arrival_id), None)
    if found is None:
        return _gone(request, NothingThere())
    try:
        if request.method == "POST":
            return _answered(request, found)
        taken, left = would_be_taken(found, subject)
    except NothingThere as refused:
        return _gone(request, refused)
    return render(request, "privacy/my_arrival.html", {"arrival": found, "taken": taken, "left": left})


def _answered(request: ConsumerRequest, found: Arrival) -> HttpResponse:
    actor, subject_id = actor_of(request), request.consumer.subject_id
    if request.POST.get("take") != "yes":
        arrivals.decline(arrival_id=found.pk, subject_id=subject_id, actor=actor)
        return redirect("applications:account")
    arrivals.take_in(arrival_id=found.pk, subject_id=subject_id, language=get_language() or "lv", actor=actor)
    return redirect("applications:resume")


def _page(request: ConsumerRequest, form: PassOnForm) -> HttpResponse:
    return render(request, "privacy/my_elsewhere.html", {"form": form})


def _gone(request: ConsumerRequest, refused: Refusal) -> HttpResponse:
    context = {"sentence": refused.sentence}
    return render(request, "applications/refused.html", context, status=HTTPStatus.NOT_FOUND)


def _package(request: ConsumerRequest, request_id: UUID) -> AccessPackage:
    found = open_package(request.consumer.subject, request_id, Right.PORTABILITY)
    if found is None:
        raise Http404
    return found
