"""A person about whom every model of the product holds something, every value recognisable."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto.keyring import create_key, data_key_scope, key_of_a_new_owner
from applications.documents import DOCUMENTS
from applications.models import (
    AccountNote,
    Application,
    Channel,
    ChunkState,
    Communication,
    CommunicationKind,
    Complaint,
    DataSubject,
    Direction,
    Disclosure,
    DisclosureStatus,
    HoldGround,
    Image,
    ImageOrigin,
    MarketingKind,
    MarketingMessage,
    MarketingPreference,
    Milestone,
    PaymentMethod,
    PublicProfile,
    RestrictionGround,
    RetentionChunk,
    RetentionRun,
    SupplementaryStatement,
    ThirdPartyRecord,
    UsageEvent,
    Whereabouts,
)
from applications.personal import Basis, Purpose, RecipientKind
from applications.services import holds
from applications.services.processing import announce_end, lift_restriction, object_to, restrict
from applications.services.statistics import reached
from applications.uploads import PDF, Upload
from lenders.models import DeletionNotice, LenderWord, Submission
from lenders.services import supplementing
from lenders.services.supplied_files import GivenFile
from lenders.states import Acknowledgement, DeletionReason, RetentionBasis, ReviewOutcome, WordKind
from privacy.letter_facts import Delay
from privacy.models import (
    AccessPackage,
    Arrival,
    AskedBy,
    DisclosureCase,
    DisclosureRequest,
    Erasure,
    HandedBy,
    Identity,
    MailboxMessage,
    Outcome,
    RecipientNotice,
    Refusal,
    RequestFile,
    RequestWords,
    Result,
    Right,
    RightsRequest,
    SealedPackage,
    Transfer,
    TransferStatus,
    Way,
    WhyAside,
    WhyNot,
)
from privacy.services import disclosing, messages, receiving, requests
from privacy.services.mailbox import take_in
from tests import factories
from tests.lenders import scene
from tests.privacy import dpo, elsewhere
from tests.privacy.imap_server import mail

MORE = {
    "identification.city": "city {}",
    "identity_document.document_number": "NR{}",
    "loan.loan_purpose": "vehicle",
    "financial.employer": "SIA {}",
    "family.marital_status": "married",
    "pep.pep_office": "office {}",
}


def give_more(submission: Submission, word: str) -> None:
    """Answers of every category and documents of every kind, given and still on their way."""
    supplementing.give(
        submission_id=submission.pk,
        subject_id=submission.subject_id,
        answers={label: text.format(word) for label, text in MORE.items()},
        files=[GivenFile(label, Upload(PDF, word.encode())) for label in DOCUMENTS],
        actor=Actor.consumer(submission.subject_id),
    )


@data_key_scope()
def plant(word: str, *, partner: str = "") -> DataSubject:
    """Somebody with a row in every model; each free text and name contains `word`, and so does the name of
    the partner who has a mandate over the application, unless it is given.
    """
    address = f"{word}@piemers.lv"
    subject = factories.subject(address)
    factories.ask_for_code(address)  # a code on its way
    scene.register("https://lenders.example", "atra", "leja")  # one that is not asked
    draft = factories.complete_draft(subject, given_name=word.title(), keyword=f"{word}-key")
    application = scene.send(draft, ["atra"])
    prepared = scene.begun(application)["atra"]
    submission = scene.submission_at(application, "atra")
    asks = scene.statement(submission, "needs_more", needs=[*MORE, *DOCUMENTS])
    scene.finish(prepared, scene.signed_reply(submission, asks))
    give_more(submission, word)
    scene.say(submission, "offered")
    scene.say(submission, "offered", offer=scene.credit.dearer(scene.terms_document(submission)))
    now = timezone.now()
    rows: list[tuple[Any, dict[str, Any]]] = [
        (PaymentMethod, {"payment_kind": "iban", "identifier": f"LV00{word}"}),
        (MarketingPreference, {"channel": Channel.EMAIL, "wanted": True, "decided_at": now}),
        (Complaint, {"text": f"complaint {word}", "answer": f"answer {word}", "received_at": now}),
        (AccountNote, {"text": f"note {word}"}),
        (SupplementaryStatement, {"application": application, "text": f"adds {word}"}),
        (
            Image,
            {
                "origin": ImageOrigin.EVENT,
                "content": word.encode(),
                "media_type": "image/png",
                "caption": f"caption {word}",
                "given_at": now,
            },
        ),
        (
            PublicProfile,
            {"address": f"https://social.example/{word}", "shown": f"likes {word}", "seen_at": now},
        ),
        (
            Communication,
            {
                "kind": CommunicationKind.CALL,
                "direction": Direction.FROM_PERSON,
                "title": f"call {word}",
                "text": f"said {word}",
                "recording": word.encode(),
                "at": now,
            },
        ),
        (UsageEvent, {"page": f"/{word}/", "element": f"button {word}", "at": now}),
        (Whereabouts, {"ip_address": "192.0.2.1", "place": f"city {word}", "at": now}),
        (MarketingMessage, {"kind": MarketingKind.OFFER, "text": f"offer {word}", "at": now}),
        (ThirdPartyRecord, {"origin": "broker", "text": f"they say {word}", "received_at": now}),
        (
            DeletionNotice,
            {
                "submission": submission,
                "lender": submission.lender,
                "reason": DeletionReason.NOT_SELECTED,
                "acknowledgement": Acknowledgement.RETAINED,
                "basis": RetentionBasis.DISPUTE,
                "until": now.date(),
                "acknowledged_at": now,
            },
        ),
    ]
    corrected = LenderWord(
        subject=subject, submission=submission, lender=submission.lender, kind=WordKind.RECTIFIED,
        matter=uuid4(), text=f"to complete {word}",
    )  # fmt: skip
    corrected.keep({label: text.format(word) for label, text in MORE.items()})
    corrected.save(force_insert=True)
    rows.append(
        (
            LenderWord,
            {
                "submission": submission,
                "lender": submission.lender,
                "kind": WordKind.REVIEW,
                "matter": uuid4(),
                "text": f"sees it so {word}",
                "due_on": now.date(),
                "told_at": now,
                "acknowledged_at": now,
                "outcome": ReviewOutcome.UPHELD,
                "explanation": f"explained {word}",
                "answered_at": now,
            },
        )
    )
    for model, values in rows:
        model(subject=subject, **values).save(force_insert=True)
    reached(subject_id=subject.pk, milestone=Milestone.SENT)
    actor = Actor.consumer(subject.pk)
    restriction = restrict(subject_id=subject.pk, ground=RestrictionGround.CLAIMS, actor=actor)
    announce_end(restriction_id=restriction.pk, on=timezone.localdate(), actor=actor)
    lift_restriction(restriction_id=restriction.pk, actor=actor)
    object_to(subject_id=subject.pk, purpose=Purpose.SYSTEM_SECURITY, actor=actor)
    dpo.mandate(application, name=partner or word)
    _retention(subject, application)
    _requests(subject, word)
    _disclosures(subject, application, word)
    return subject


def _retention(subject: DataSubject, application: Application) -> None:
    """A hold that was lifted, and part of a run that names them."""
    hold = holds.place(
        subject_id=subject.pk, application_id=application.pk, ground=HoldGround.CLAIM, case_number="C-1",
        until=timezone.localdate(), actor=SYSTEM,
    )  # fmt: skip
    holds.lift(hold_id=hold.pk, actor=SYSTEM)
    now = timezone.now()
    run = RetentionRun.objects.create(day=timezone.localdate(), edition=0, begun_at=now, finished_at=now)
    RetentionChunk.objects.create(
        run=run, ending="people", owners=[subject.pk], state=ChunkState.DONE, begun_at=now, finished_at=now
    )


def _requests(subject: DataSubject, word: str) -> None:
    """Requests of the person that have ended, with everything that can be on record about one."""
    now = timezone.now()
    actor = Actor.consumer(subject.pk)
    request = receiving.receive(
        right=Right.ERASURE, way=Way.OFFICER, language="lv", actor=actor, subject_id=subject.pk,
        contact=f"{word}@piemers.lv", text=f"asks {word}", identity=Identity.OFFICER,
    )  # fmt: skip
    requests.extend(request_id=request.pk, actor=actor, why=Delay.MANY, reasons=f"reasons {word}")
    words = RequestWords.objects.get(pk=request.pk)
    words.decision, words.traces = f"the officer decides {word}", {"values": [word]}
    words.view = f"sees it as {word}"
    words.changes = [{"label": "identification.surname", "old": word, "new": f"new {word}"}]
    words.save()
    _mail(request, word)
    requests.withdraw(request_id=request.pk, actor=actor)
    AccessPackage(
        request=request, content=f"copy {word}".encode(), held=["row/label"],
        decisions={"row/label": "released"}, made_at=now, released_at=now, expires_at=now, opened_at=now,
    ).save(force_insert=True)  # fmt: skip
    RequestFile(request=request, content=f"evidence {word}".encode(), media_type="application/pdf").save(
        force_insert=True
    )
    RecipientNotice.objects.create(
        request=request, kind=RecipientKind.PARTNER, recipient="partner", name="Partner", reference=uuid4(),
        outcome=Outcome.RETAINED, basis=RetentionBasis.DISPUTE, until=now.date(), told_at=now,
        answered_at=now, hidden_until=now.date(),
    )  # fmt: skip
    Erasure.objects.create(
        request=request, subject_id=subject.pk, begun_at=now, key_destroyed_at=now, rows_deleted_at=now,
        scanned_at=now, searched_all_at=now, certified_at=now,
    )  # fmt: skip
    request.letters.update(opened_at=now, handed_over_at=now)
    controller = elsewhere.controller()
    Transfer.objects.create(
        request=request, controller=controller, status=TransferStatus.DELIVERED, issued_at=now, due_at=now,
        finished_at=now, left=True, error_code="timed_out", receipt="receipt",
    )  # fmt: skip
    arrival = Arrival(
        controller=controller, address=subject.verified_email, content=f"brought {word}".encode(),
        transfer_id=uuid4(), digest=bytes(32), received_at=now, expires_at=now + timedelta(days=30),
    )  # fmt: skip
    create_key(arrival.pk)
    arrival.save(force_insert=True)
    RightsRequest.objects.filter(pk=request.pk).update(
        refusal=Refusal.EXCEPTION,
        result=Result.PARTLY,
        about="what",
        paused_days=1,
        kept=[{"application": str(uuid4())}],
    )


def _mail(request: RightsRequest, word: str) -> None:
    """A message with a file that was added to the request."""
    file = f"Content-Disposition: attachment; filename={word}.txt\r\n\r\nfile {word}"
    raw = mail(
        f"--b\r\n\r\nwrites {word}\r\n--b\r\n{file}\r\n--b--",
        sender=f"{word} <{word}@piemers.lv>", title=f"about {word}", message_id=f"<{word}@piemers.lv>",
        In_Reply_To=f"<before-{word}@piemers.lv>", Content_Type="multipart/mixed; boundary=b",
    )  # fmt: skip
    known = set(MailboxMessage.objects.values_list("pk", flat=True))
    take_in(raw=raw)
    message = MailboxMessage.objects.exclude(pk__in=known).get()
    messages.add_to_request(message_id=message.pk, request_id=request.pk, actor=Actor.staff(1))
    MailboxMessage.objects.filter(pk=message.pk).update(why_aside=WhyAside.OTHERS)


def _disclosures(subject: DataSubject, application: Application, word: str) -> None:
    """A request for disclosure, a secret until today, with everything that can be on record of one."""
    by = Actor.staff(1)
    request = disclosing.enter(
        asker=disclosing.Asker(RecipientKind.AUTHORITY, "Police", "LV"), way=AskedBy.LETTER,
        legal_basis="section 190", files=[Upload(PDF, f"letter {word}".encode())], actor=by,
        written=disclosing.Written(f"case {word}", f"contact {word}", f"because of {word}"),
    )  # fmt: skip
    disclosing.name_case(
        request_id=request.pk, subject_id=subject.pk, application_id=application.pk, actor=by
    )
    case, today, now = DisclosureCase.objects.get(request=request), timezone.localdate(), timezone.now()
    Disclosure.objects.create(
        subject=subject, application=application, recipient_kind=RecipientKind.AUTHORITY,
        recipient="LV:police", recipient_name="Police", delivery=case.delivery,
        purpose=Purpose.INFORM_AUTHORITIES, basis=Basis.LEGAL_OBLIGATION, fields=["loan.keyword"],
        at=now, hidden_until=today, status=DisclosureStatus.NOT_MADE,
    )  # fmt: skip
    DisclosureCase.objects.filter(pk=case.pk).update(told_at=now)
    package = SealedPackage(request=request, expires_at=now + timedelta(days=1), taken_at=now)
    with key_of_a_new_owner(package.pk):
        package.content = f"sealed {word}".encode()
        package.save(force_insert=True)
    disclosing.refuse(request_id=request.pk, why=WhyNot.NO_BASIS, reasons=f"not by law {word}", actor=by)
    DisclosureRequest.objects.filter(pk=request.pk).update(
        answer_by=today, categories=["loan"], with_others=True, first_by="1", second_by="2",
        hidden_until=today, hidden_basis="section 375", sealed_at=now, handed_on=today,
        handed_by=HandedBy.EADDRESS,
    )  # fmt: skip
