"""A person's own pages about their data: ask for a copy, ask for erasure, follow what became of it.

All of them want a code that was mailed just now: whoever sits at somebody's device sees nothing here.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.attachments import attachment as saved
from applications.errors import IllegalTransition
from applications.models import DataSubject
from applications.views.fresh_code import fresh_code_required
from applications.views.guard import ConsumerRequest, actor_of
from privacy.models import AccessPackage, Right, RightsRequest
from privacy.my_data_forms import ErasureForm
from privacy.rights.access import document_of
from privacy.rights.erasure import preview
from privacy.rights.package_files import Document, as_csv, as_json, as_zip, attachments
from privacy.selectors.my_requests import categories_of, open_package, requests_of
from privacy.services import identifying, requests
from privacy.services.deciding import note_opened
from privacy.views.my_rights import ask

LOOK_AGAIN_SECONDS = 3
FILES: Mapping[str, tuple[str, Callable[[Document], str | bytes]]] = {
    "json": ("application/json", as_json),
    "csv": ("text/csv", as_csv),
    "zip": ("application/zip", as_zip),
}


@fresh_code_required
@require_safe
def index(request: ConsumerRequest) -> HttpResponse:
    """What a person can ask for, and what became of what they asked. Looks again while something moves."""
    mine = requests_of(request.consumer.subject)
    response = render(request, "privacy/my_data.html", {"requests": mine})
    if any(one.moves for one in mine):
        response["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return response


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: ConsumerRequest) -> HttpResponse:
    """Ask for a copy: nobody has to decide about it, it is put together at once. The address alone, to which
    a new code may lead, asks for nothing.
    """
    if request.method == "POST":
        ask(request, Right.ACCESS)
    return redirect("my_data:index")


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def erasure(request: ConsumerRequest) -> HttpResponse:
    """What goes, what stays, who is told; and the button."""
    subject = request.consumer.subject
    form = ErasureForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        ask(request, Right.ERASURE)
        return redirect("my_data:index")
    imagined = RightsRequest(subject=subject, right=Right.ERASURE)
    context = {
        "form": form,
        "categories": categories_of(subject),
        "parts": preview(imagined, to_the_person=True),
    }
    return render(request, "privacy/my_erasure.html", context)


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: ConsumerRequest, request_id: UUID) -> HttpResponse:
    """Take a request back. Once it is being carried out there is nothing to take back: the page says so."""
    if request.method != "POST":
        return redirect("my_data:index")
    own = _own(request.consumer.subject, request_id)
    try:
        requests.withdraw(request_id=own.pk, actor=actor_of(request))
    except IllegalTransition:
        return _too_late(request)
    return redirect("my_data:index")


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: ConsumerRequest, request_id: UUID) -> HttpResponse:
    """Whether it is this person who asks."""
    if request.method != "POST":
        return redirect("my_data:index")
    subject = request.consumer.subject
    deed = identifying.confirm if request.POST.get("it_is") == "me" else identifying.deny
    try:
        deed(request_id=request_id, subject_id=subject.pk, actor=actor_of(request))
    except RightsRequest.DoesNotExist:
        raise Http404 from None
    except IllegalTransition:
        return _too_late(request)
    return redirect("my_data:index")


@fresh_code_required
@require_safe
def package(request: ConsumerRequest, request_id: UUID) -> HttpResponse:
    """The copy, to read; its first opening is noted."""
    found = _package(request, request_id)
    context = {"document": document_of(found), "package": found, "endings": list(FILES)}
    return render(request, "privacy/my_package.html", context)


@fresh_code_required
@require_safe
def download(request: ConsumerRequest, request_id: UUID, ending: str) -> HttpResponse:
    """The copy as a file for programs, for spreadsheets, or all of it."""
    if ending not in FILES:
        raise Http404
    kind, write = FILES[ending]
    return saved(write(document_of(_package(request, request_id))), f"data.{ending}", kind)


@fresh_code_required
@require_safe
def attachment(request: ConsumerRequest, request_id: UUID, name: str) -> HttpResponse:
    """A picture, recording or document of the copy: saved, never shown in the browser."""
    content = attachments(document_of(_package(request, request_id))).get(name)
    if content is None:
        raise Http404
    return saved(content, name)


def _own(subject: DataSubject, request_id: UUID) -> RightsRequest:
    found = RightsRequest.objects.filter(pk=request_id, subject=subject).first()
    if found is None:
        raise Http404
    return found


def _package(request: ConsumerRequest, request_id: UUID) -> AccessPackage:
    found = open_package(request.consumer.subject, request_id, Right.ACCESS)
    if found is None:
        raise Http404
    note_opened(request_id=found.pk, actor=actor_of(request))
    return found


def _too_late(request: ConsumerRequest) -> HttpResponse:
    context = {"requests": requests_of(request.consumer.subject), "too_late": True}
    return render(request, "privacy/my_data.html", context, status=HTTPStatus.CONFLICT)
