"""A correction: applied wherever the wrong value stands, completed by a statement, told to recipients."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from applications.choices import IncomeType
from applications.crypto.keyring import data_key_scope
from applications.errors import IllegalTransition
from applications.models import Application, AuditEntry, DataSubject, Identification, SupplementaryStatement
from applications.personal import Purpose
from applications.selectors.people import answers
from applications.uploads import Upload
from privacy.changes import as_cleaned, as_stored
from privacy.models import Identity, LetterKind, RequestFile, RequestWords, Result, Right, RightsRequest
from privacy.rights.registry import module_of
from privacy.services import receiving, requests
from privacy.states import RequestStatus
from tests import factories
from tests.lenders import scene
from tests.privacy import desk, rights

pytestmark = pytest.mark.django_db(databases=scene.DATABASES)
S = RequestStatus
SURNAME, INCOME, BIRTH = (
    "identification.surname",
    "financial.monthly_income_cents",
    "identification.birth_date",
)
RIGHTS = Purpose.DATA_SUBJECT_RIGHTS


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject()


@pytest.fixture
def application(anna: DataSubject) -> Application:
    return factories.sent_application(anna)


def standing(application: Application) -> dict[str, object]:
    fresh = Application.objects.get(pk=application.pk)
    return answers(fresh, purpose=RIGHTS)


def change(application: Application, label: str, new: object) -> dict[str, object]:
    old = standing(application).get(label.partition(".")[2])
    return as_stored(application_id=application.pk, label=label, old=old, new=new)


def asked(application: Application, *changes: dict[str, object], **written: object) -> RightsRequest:
    about = f"{application.reference}/name"
    return rights.ask(application.subject, Right.RECTIFICATION, about=about, changes=changes, **written)


def corrected(
    application: Application, *changes: dict[str, object], left: tuple[int, ...] = ()
) -> RightsRequest:
    request = asked(application, *changes)
    requests.approve(
        request_id=request.pk, actor=rights.OFFICER, left=left, reasons="zqxqzreason" if left else ""
    )
    request = rights.run(request)
    assert (request.status, request.trouble) == (S.COMPLETED, "")
    return request


def test_nothing_changes_before_the_officer_has_decided(application):
    request = rights.run(asked(application, change(application, SURNAME, "Kalniņa")))
    assert request.status == S.ASSESSED
    assert standing(application)["surname"] != "Kalniņa"


def test_right_value_stands_and_the_person_is_told(application):
    request = corrected(application, change(application, SURNAME, "Kalniņa"))
    assert standing(application)["surname"] == "Kalniņa"
    assert rights.letters(request) == [LetterKind.RECTIFIED]


def test_dates_and_sums_keep_their_types(application):
    corrected(
        application, change(application, BIRTH, date(1985, 3, 27)), change(application, INCOME, 123_456)
    )
    assert standing(application)["birth_date"] == date(1985, 3, 27)
    assert standing(application)["monthly_income_cents"] == 123_456


def test_what_is_about_the_person_is_corrected_wherever_the_same_wrong_value_stands(anna, application):
    other = factories.sent_application(anna)
    corrected(application, change(application, SURNAME, "Kalniņa"))
    assert standing(other)["surname"] == "Kalniņa"


def test_what_was_right_elsewhere_stays(anna, application):
    other = factories.sent_application(anna, surname="Liepa")
    corrected(application, change(application, SURNAME, "Kalniņa"))
    assert standing(other)["surname"] == "Liepa"


def test_what_was_true_of_another_time_stays(anna, application):
    other = factories.sent_application(anna)
    before = standing(other)["monthly_income_cents"]
    corrected(application, change(application, INCOME, 123_456))
    assert standing(other)["monthly_income_cents"] == before


def test_nobody_elses_application_is_touched(application):
    stranger = factories.sent_application(factories.subject())
    before = standing(stranger)
    corrected(application, change(application, SURNAME, "Kalniņa"))
    assert standing(stranger) == before


def test_application_of_somebody_else_cannot_be_corrected(anna, application):
    stranger = factories.sent_application(factories.subject())
    request = asked(application, change(stranger, SURNAME, "Kalniņa"))
    requests.approve(request_id=request.pk, actor=rights.OFFICER)
    request = rights.run(request)
    assert (request.status, request.trouble) == (S.RUNNING, IllegalTransition.code)
    assert standing(stranger)["surname"] != "Kalniņa"


def test_person_is_found_by_the_corrected_phone_alone(application):
    old = standing(application)["phone"]
    corrected(application, change(application, "identification.phone", "+37120000777"))
    assert Identification.objects.filter(phone_index="+37120000777").exists()
    assert not Identification.objects.filter(phone_index=str(old)).exists()


def test_part_can_be_left_as_it_is_with_reasons(application):
    changes = (change(application, SURNAME, "Kalniņa"), change(application, INCOME, 123_456))
    before = standing(application)["monthly_income_cents"]
    request = corrected(application, *changes, left=(1,))
    assert standing(application)["surname"] == "Kalniņa"
    assert standing(application)["monthly_income_cents"] == before
    assert request.result == Result.PARTLY
    letter = request.letters.get()
    assert letter.facts["partly"] is True
    assert RequestWords.objects.get(pk=request.pk).reasons == {str(letter.pk): "zqxqzreason"}


def test_to_leave_everything_as_it_is_is_a_refusal(application):
    request = asked(application, change(application, SURNAME, "Kalniņa"))
    with pytest.raises(IllegalTransition):
        requests.approve(request_id=request.pk, actor=rights.OFFICER, left=(0,))


def test_statement_completes_an_application(application):
    said = as_stored(application_id=application.pk, label="account.statement", old=None, new="Bez rakstura.")
    corrected(application, said)
    assert SupplementaryStatement.objects.get(application=application).text == "Bez rakstura."


def test_later_wish_about_the_same_value_counts(application):
    first = asked(application, change(application, SURNAME, "Kalniņa"))
    again = asked(application, change(application, SURNAME, "Bērziņa"))
    assert again.pk == first.pk
    words = RequestWords.objects.get(pk=first.pk)
    assert [one["new"] for one in words.changes] == ["Bērziņa"]


def test_wish_that_comes_while_it_is_carried_out_is_not_swallowed(application):
    request = asked(application, change(application, SURNAME, "Kalniņa"))
    requests.approve(request_id=request.pk, actor=rights.OFFICER)
    with pytest.raises(IllegalTransition):
        asked(application, change(application, SURNAME, "Bērziņa"))


def test_evidence_is_kept_under_the_key_of_the_request(application):
    request = asked(
        application,
        change(application, SURNAME, "Kalniņa"),
        files=[Upload("application/pdf", b"%PDF-x %%EOF")],
    )
    with data_key_scope():
        assert bytes(RequestFile.objects.get(request=request).content) == b"%PDF-x %%EOF"


def test_audit_and_preview_name_no_value(application):
    request = corrected(application, change(application, SURNAME, "Kalniņa"))
    told = str(list(AuditEntry.objects.values())) + str(module_of(Right.RECTIFICATION).preview(request))
    assert "Kalniņa" not in told


def test_correction_done_twice_is_done_once(application):
    request = asked(application, change(application, SURNAME, "Kalniņa"))
    requests.approve(request_id=request.pk, actor=rights.OFFICER)
    module = module_of(Right.RECTIFICATION)
    request = rights.current(request)
    request.step = "correct"
    module.execute(request)
    module.execute(request)
    assert standing(application)["surname"] == "Kalniņa"


# --- by letter: the officer enters what is to be corrected ---
def by_letter(application: Application) -> RightsRequest:
    return desk.entered(application.subject, Right.RECTIFICATION, Identity.OFFICER)


def enters(request: RightsRequest, application: Application, label: str, new: object) -> RightsRequest:
    return receiving.add_correction(
        request_id=request.pk, application_id=application.pk, label=label, new=new, actor=rights.OFFICER
    )


def test_correction_of_a_second_letter_belongs_to_the_request_that_is_open(application):
    enters(by_letter(application), application, SURNAME, "Kalniņa")
    second = by_letter(application)
    with pytest.raises(IllegalTransition):
        enters(second, application, INCOME, 1)
    assert rights.current(second).about == ""


@pytest.mark.parametrize(
    ("label", "written", "value"),
    [
        ("family.marital_status", "Esmu laulībā", "married"),
        ("family.marital_status", " esmu laulībā", "married"),
        ("family.marital_status", "married", "married"),
        (BIRTH, "27.3.1985.", date(1985, 3, 27)),
        (INCOME, "1234,56", 123_456),
    ],
)
def test_answer_is_entered_as_a_person_writes_it(label, written, value):
    with translation.override("lv"):
        assert as_cleaned(label, written) == value


@pytest.mark.parametrize(
    ("label", "written"), [(BIRTH, "1985"), (BIRTH, "1 2 3 4"), ("family.marital_status", "zqxqz")]
)
def test_what_is_no_answer_is_refused_with_a_sentence(label, written):
    with translation.override("lv"), pytest.raises(ValidationError) as refused:
        as_cleaned(label, written)
    assert "zqxqz" not in str(refused.value)


def test_refused_choice_is_told_what_can_be_chosen():
    with translation.override("lv"), pytest.raises(ValidationError, match="Esmu laulībā"):
        as_cleaned("family.marital_status", "zqxqz")


def test_answer_that_is_not_asked_for_any_more_goes_and_is_told(application):
    assert standing(application)["employer"]
    request = corrected(application, change(application, "financial.income_type", IncomeType.PENSION))
    assert "employer" not in standing(application)
    words = RequestWords.objects.get(pk=request.pk)
    gone = next(one for one in words.changes if one["label"] == "financial.employer")
    assert (gone["new"], gone["where"]) == (None, [str(application.pk)])
