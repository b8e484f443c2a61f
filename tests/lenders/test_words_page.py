"""Words that no interface tells wait for staff, who read them, tell them and record what was answered."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.errors import SubjectErased
from applications.form_fields import STATEMENT_LABEL
from applications.models import AuditEntry, Disclosure, RestrictionGround
from applications.services.processing import restrict
from lenders.adapters.base import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from lenders.attention import waiting_flags
from lenders.errors import NotAnsweredSo, NothingToRetry
from lenders.models import Delivery, LenderWord
from lenders.selectors.for_staff import TOLD_WITHIN, waiting_submissions
from lenders.selectors.reviews import reviews_of
from lenders.services.retrying import retry
from lenders.services.settling import call_off_withdrawn
from lenders.services.words import record_word_answer, tell_again
from lenders.states import ReviewOutcome
from tests.lenders import scene
from tests.lenders.deletion_scene import AWAY, DPO, received
from tests.lenders.rights_scene import CITY, answers, begun, correct, restricted, review, word
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]
TURNED_DOWN = LenderError(ErrorCode.REJECTED, permanent=True)
MAY_TELL = ("view_lenderword", "change_lenderword")


@pytest.fixture(autouse=True)
def _keys():
    with data_key_scope():
        yield


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that takes no such words."""
    without = replace(JoinAdapter.abilities, takes_notices=False)
    monkeypatch.setattr(JoinAdapter, "abilities", without)


def waits() -> list[tuple[str, str, str]]:
    return [
        (one.submission.lender.slug, str(one.waits), one.code) for one in waiting_submissions(timezone.now())
    ]


def page_of(about: LenderWord) -> str:
    return f"/admin/lenders/lenderword/{about.pk}/change/"


# --- what waits ---


def test_lender_whose_interface_takes_no_word_is_told_by_hand(by_hand):
    application = received("leja")
    correct(application, {CITY: "Cēsis"})
    assert not Delivery.objects.filter(kind="word").exists()
    assert waits() == [("leja", "to_tell", "told_by_hand")]
    record_word_answer(word_id=word().pk, outcome=ReviewOutcome.NONE, explanation="", actor=DPO)
    about = word()
    assert (about.recorded_by_staff, about.acknowledged_at, about.given) == (True, None, {})
    assert about.told_at is not None
    assert waits() == []


def test_what_staff_told_by_hand_is_in_the_register(by_hand):
    application = received("leja")
    correct(application, {CITY: "Cēsis", STATEMENT_LABEL: "canary"})
    record_word_answer(word_id=word().pk, outcome=ReviewOutcome.NONE, explanation="", actor=DPO)
    row = Disclosure.objects.get(delivery=word().pk)
    assert (row.fields, row.status, row.recipient) == ([CITY, STATEMENT_LABEL], "made", "leja")


def test_word_that_could_not_be_told_waits_and_can_be_told_again():
    application = received("leja")
    restricted(application)
    scene.finish(begun(application)[0], TURNED_DOWN)
    assert waits() == [("leja", "to_tell", "rejected")]
    tell_again(word_id=word().pk, actor=DPO)
    assert waits() == []
    answers(begun(application)[0])
    with pytest.raises(NothingToRetry):
        tell_again(word_id=word().pk, actor=DPO)


def test_telling_again_brings_the_next_try_forward_and_adds_none():
    application = received("leja")
    restricted(application)
    scene.finish(begun(application)[0], AWAY)
    tell_again(word_id=word().pk, actor=DPO)
    assert Delivery.objects.filter(kind="word").count() == 1
    assert len(begun(application)) == 1


def test_word_that_takes_days_waits_for_staff_while_it_is_still_tried():
    application = received("leja")
    restricted(application)
    scene.finish(begun(application)[0], AWAY)
    assert waits() == []
    scene.shift(word(), asked_at=timezone.now() - TOLD_WITHIN - timedelta(minutes=1))
    assert waits() == [("leja", "to_tell", "unreachable")]
    scene.make_due()
    answers(begun(application)[0])
    assert waits() == []


def test_several_words_to_one_lender_are_one_line_with_the_oldest_moment(by_hand):
    application = received("leja")
    correct(application, {CITY: "Cēsis"})
    restricted(application)
    first = word(kind="rectified")
    (line,) = waiting_submissions(timezone.now())
    assert line.since == first.asked_at


def test_word_of_a_restriction_waits_for_staff_while_it_stands(by_hand):
    application = received("leja")
    restrict(subject_id=application.subject_id, ground=RestrictionGround.ACCURACY, actor=DPO)
    restricted(application)
    assert waits() == [("leja", "to_tell", "told_by_hand")]
    assert len(waiting_flags()) == 1
    page = staff("view_submission", *MAY_TELL).get("/admin/lenders/waiting/")
    assert application.reference in page.text


def test_review_that_is_overdue_waits_until_it_is_answered():
    application = received("leja", leja="declined")
    review(application, "leja")
    answers(begun(application)[0])
    scene.shift(word(), due_on=timezone.localdate())
    assert waits() == []
    scene.shift(word(), due_on=timezone.localdate() - timedelta(days=1))
    assert waits() == [("leja", "not_reviewed", "not_reviewed")]
    assert len(waiting_flags()) == 1
    record_word_answer(word_id=word().pk, outcome=ReviewOutcome.UPHELD, explanation="Tā ir.", actor=DPO)
    assert waits() == []


def test_of_an_erased_person_nothing_waits_and_nothing_is_recorded(by_hand):
    application = received("leja")
    restricted(application)
    scene.erase(application.subject)
    assert waits() == []
    for deed in (
        lambda: record_word_answer(word_id=word().pk, outcome=ReviewOutcome.NONE, explanation="", actor=DPO),
        lambda: tell_again(word_id=word().pk, actor=DPO),
    ):
        with pytest.raises(SubjectErased):
            deed()


def test_nobody_tells_by_hand_what_never_arrived_after_all(by_hand):
    application = scene.sent("leja")
    on_its_way = scene.begun(application)["leja"]
    correct(application, {CITY: "Cēsis"})
    assert LenderWord.objects.count() == 1
    scene.finish(on_its_way, LenderError(ErrorCode.ADDRESS_REFUSED, permanent=True))
    call_off_withdrawn()
    assert LenderWord.objects.count() == 0


def test_failed_word_hides_no_application_that_failed():
    application = received("atra", atra="pending")
    restricted(application)
    scene.finish(begun(application)[0], TURNED_DOWN)
    scene.shift(scene.submission_at(application, "atra"), status="failed")
    retry(submission_id=scene.submission_at(application, "atra").pk, actor=DPO)
    assert scene.delivery_at(application, "atra").status == "due"


# --- what is recorded ---


@pytest.mark.parametrize(
    ("kind", "outcome", "explanation"),
    [
        ("review", ReviewOutcome.UPHELD, " "),
        ("review", ReviewOutcome.NONE, "Tā ir."),
        ("restricted", ReviewOutcome.UPHELD, "Tā ir."),
    ],
)
def test_answer_that_makes_no_sense_is_not_recorded(by_hand, kind, outcome, explanation):
    application = received("leja", leja="declined")
    if kind == "review":
        review(application, "leja")
    else:
        restricted(application)
    with pytest.raises(NotAnsweredSo):
        record_word_answer(word_id=word().pk, outcome=outcome, explanation=explanation, actor=DPO)
    about = word()
    assert (about.told_at, about.outcome) == (None, "")
    assert not Disclosure.objects.filter(delivery=about.pk).exists()


def test_lender_is_told_by_hand_once(by_hand):
    application = received("leja")
    restricted(application)
    record_word_answer(word_id=word().pk, outcome=ReviewOutcome.NONE, explanation="", actor=DPO)
    with pytest.raises(NotAnsweredSo):
        record_word_answer(word_id=word().pk, outcome=ReviewOutcome.NONE, explanation="", actor=DPO)


def test_review_by_hand_is_told_and_answered_later(by_hand):
    application = received("leja", leja="declined")
    review(application, "leja")
    record_word_answer(word_id=word().pk, outcome=ReviewOutcome.NONE, explanation="", actor=DPO)
    record_word_answer(word_id=word().pk, outcome=ReviewOutcome.CHANGED, explanation="Mainīts.", actor=DPO)
    (found,) = reviews_of(application.subject_id)
    assert (found.outcome, found.explanation, found.by_hand) == ("changed", "Mainīts.", False)
    assert scene.states(application) == {"leja": "pending"}


# --- the page ---


def test_who_tells_the_lender_reads_what_it_is_to_be_told_until_it_is(by_hand):
    application = received("leja")
    correct(application, {CITY: "canary-Cēsis"})
    shown = staff(*MAY_TELL).get(page_of(word()))
    assert "canary-Cēsis" in shown.text
    assert AuditEntry.objects.filter(action="lenderword.seen", subject_id=application.subject_id).exists()
    staff(*MAY_TELL).post(page_of(word()), {"outcome": "", "how_explained": ""})
    assert word().told_at is not None
    assert "canary-Cēsis" not in staff(*MAY_TELL).get(page_of(word())).text


def test_who_may_only_look_reads_no_value_and_records_nothing(by_hand):
    application = received("leja")
    correct(application, {CITY: "canary-Cēsis"})
    shown = staff("view_lenderword").get(page_of(word()))
    assert shown.status_code == 200
    assert "canary" not in shown.text
    assert staff("view_lenderword").post(page_of(word()), {"outcome": ""}).status_code == 403
    assert word().told_at is None


def test_staff_record_the_answer_to_a_review_in_the_admin(by_hand):
    application = received("leja", leja="declined")
    review(application, "leja")
    staff(*MAY_TELL).post(page_of(word()), {"outcome": "upheld", "how_explained": "canary: tā ir"})
    about = word()
    assert (about.outcome, about.explanation, about.recorded_by_staff) == ("upheld", "canary: tā ir", True)
    assert AuditEntry.objects.get(action="word.answered").actor_kind == "staff"
    assert "canary" not in staff(*MAY_TELL).get(page_of(word())).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "upheld", "how_explained": ""},
        {"outcome": "", "how_explained": "x"},
        {"outcome": "burnt", "how_explained": "x"},
        {"outcome": "upheld", "how_explained": "x" * 4001},
    ],
)
def test_wrong_answer_is_told_beside_its_field_and_nothing_is_recorded(by_hand, wrong):
    application = received("leja", leja="declined")
    review(application, "leja")
    page = staff(*MAY_TELL).post(page_of(word()), wrong)
    assert page.status_code == 200
    assert "errorlist" in page.text
    assert word().told_at is None


def test_page_escapes_what_a_person_wrote(by_hand):
    application = received("leja", leja="declined")
    review(application, "leja", view="<script>alert(1)</script>")
    assert "<script>alert" not in staff(*MAY_TELL).get(page_of(word())).text


def test_lists_of_what_waits_lead_to_the_words(by_hand):
    application = received("leja")
    restricted(application)
    page = staff("view_submission", *MAY_TELL).get("/admin/lenders/waiting/")
    link = f"/admin/lenders/lenderword/?q={scene.submission_at(application, 'leja').pk}"
    assert link in page.text
    assert str(word().pk) in staff(*MAY_TELL).get(link).text


def test_failed_words_are_told_again_from_the_list():
    application = received("leja")
    restricted(application)
    scene.finish(begun(application)[0], TURNED_DOWN)
    order = {"action": "tell_again", "_selected_action": str(word().pk)}
    staff(*MAY_TELL).post("/admin/lenders/lenderword/", order)
    assert len(begun(application)) == 1
