"""The second factor of an account: what is stored of it, what counts once, what is left after a reset."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from applications.actors import SYSTEM, Actor
from applications.crypto.errors import DecryptionError
from applications.crypto.keyring import data_key_scope
from applications.crypto.models import DataKey
from applications.errors import AppCodeRefused, LastWay, OwnSecondFactor, RecoveryCodeRefused
from applications.models import AuditEntry, AuthenticatorApp, Passkey, RecoveryCode, SecondFactor, StaffUser
from applications.selectors.staff import confirmed_app, enrolled_factor, unused_recovery_codes
from applications.services import housekeeping, second_factor
from tests import factories
from tests.clock import later

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


@pytest.fixture
def factor() -> SecondFactor:
    return factories.enrol(StaffUser.objects.create_user("agent", is_staff=True))


def passkey(factor: SecondFactor, name: str = "key") -> Passkey:
    return Passkey.objects.create(factor=factor, name=name, credential_id=name.encode(), credential=b"")


def stored_text() -> str:
    """Everything that PostgreSQL holds of second factors, as text and as bytes."""
    found = []
    with connection.cursor() as cursor:
        for model in (SecondFactor, AuthenticatorApp, Passkey, RecoveryCode, AuditEntry):
            cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t")  # noqa: S608
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


# --- at rest ----------------------------------------------------------------------------------------------
def test_secret_of_the_app_is_not_in_the_database(factor: SecondFactor) -> None:
    stored = stored_text()
    assert AuthenticatorApp.objects.get().secret == factories.TOTP_SECRET
    assert factories.TOTP_SECRET not in stored
    assert factories.TOTP_SECRET.encode().hex() not in stored


def test_recovery_codes_are_not_in_the_database(factor: SecondFactor) -> None:
    codes = second_factor.make_recovery_codes(factor=factor)
    stored = stored_text()
    for code in codes:
        for spelling in (code, code.replace("-", "")):
            assert spelling not in stored
            assert spelling.encode().hex() not in stored


def test_secret_does_not_open_as_that_of_another_account(factor: SecondFactor) -> None:
    other = factories.enrol(StaffUser.objects.create_user("other", is_staff=True))
    AuthenticatorApp.objects.filter(factor=other).delete()
    AuthenticatorApp.objects.filter(factor=factor).update(factor=other)
    app = AuthenticatorApp.objects.get()
    with pytest.raises(DecryptionError):
        _ = app.secret


# --- codes of the app -------------------------------------------------------------------------------------
@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_code_counts_half_a_minute_early_or_late(factor: SecondFactor, steps: int) -> None:
    AuthenticatorApp.objects.update(last_step=0)
    second_factor.prove_by_app(factor=factor, code=factories.app_code(steps=steps))


@pytest.mark.parametrize("steps", [-2, 2, 100])
def test_code_of_another_time_is_refused(factor: SecondFactor, steps: int) -> None:
    AuthenticatorApp.objects.update(last_step=0)
    with pytest.raises(AppCodeRefused):
        second_factor.prove_by_app(factor=factor, code=factories.app_code(steps=steps))


def test_code_counts_once(factor: SecondFactor) -> None:
    code = factories.app_code()
    second_factor.prove_by_app(factor=factor, code=code)
    with pytest.raises(AppCodeRefused):
        second_factor.prove_by_app(factor=factor, code=code)


def test_code_older_than_the_last_one_is_refused(factor: SecondFactor) -> None:
    second_factor.prove_by_app(factor=factor, code=factories.app_code(steps=1))
    with pytest.raises(AppCodeRefused):
        second_factor.prove_by_app(factor=factor, code=factories.app_code())


def test_code_may_be_typed_with_spaces(factor: SecondFactor) -> None:
    code = factories.app_code()
    second_factor.prove_by_app(factor=factor, code=f" {code[:3]} {code[3:]} ")


@pytest.mark.parametrize("code", ["", "ā", "१२३४५६", "0" * 64])
def test_what_is_no_code_is_refused(factor: SecondFactor, code: str) -> None:
    with pytest.raises(AppCodeRefused):
        second_factor.prove_by_app(factor=factor, code=code)


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_code_sent_by_two_browsers_at_once_counts_once() -> None:
    factor = factories.enrol(StaffUser.objects.create_user("agent", is_staff=True))
    code = factories.app_code()
    results = factories.in_parallel(lambda _: second_factor.prove_by_app(factor=factor, code=code), 4)
    assert results.count(None) == 1


def test_new_app_takes_the_place_of_the_old_one_when_it_is_confirmed(factor: SecondFactor) -> None:
    old = confirmed_app(factor)
    second_factor.begin_app(factor=factor)
    assert confirmed_app(factor) == old
    second_factor.begin_app(factor=factor, secret=factories.TOTP_SECRET)
    second_factor.confirm_app(factor=factor, code=factories.app_code())
    assert AuthenticatorApp.objects.get() == confirmed_app(factor) != old


def test_app_that_was_not_confirmed_proves_nothing() -> None:
    factor = second_factor.factor_to_enrol(user=StaffUser.objects.create_user("new", is_staff=True))
    second_factor.begin_app(factor=factor, secret=factories.TOTP_SECRET)
    with pytest.raises(AppCodeRefused):
        second_factor.prove_by_app(factor=factor, code=factories.app_code())
    with pytest.raises(AppCodeRefused):
        second_factor.confirm_app(factor=factor, code="000000")
    assert enrolled_factor(factor.user) is None


# --- recovery codes ---------------------------------------------------------------------------------------
def test_there_are_ten_recovery_codes_and_none_twice(factor: SecondFactor) -> None:
    assert len(set(second_factor.make_recovery_codes(factor=factor))) == 10


def test_recovery_code_counts_once(factor: SecondFactor) -> None:
    code = second_factor.make_recovery_codes(factor=factor)[3]
    second_factor.prove_by_recovery_code(factor=factor, code=code)
    with pytest.raises(RecoveryCodeRefused):
        second_factor.prove_by_recovery_code(factor=factor, code=code)
    assert unused_recovery_codes(factor).count() == 9
    assert AuditEntry.objects.get(action="second_factor.recovery_code_used").detail == {"left": 9}


def test_new_recovery_codes_take_the_place_of_the_old_ones(factor: SecondFactor) -> None:
    old = second_factor.make_recovery_codes(factor=factor)[0]
    second_factor.make_recovery_codes(factor=factor)
    assert unused_recovery_codes(factor).count() == 10
    with pytest.raises(RecoveryCodeRefused):
        second_factor.prove_by_recovery_code(factor=factor, code=old)


def test_recovery_code_of_another_account_is_refused(factor: SecondFactor) -> None:
    other = factories.enrol(StaffUser.objects.create_user("other", is_staff=True))
    code = second_factor.make_recovery_codes(factor=other)[0]
    with pytest.raises(RecoveryCodeRefused):
        second_factor.prove_by_recovery_code(factor=factor, code=code)


# --- what is taken away -----------------------------------------------------------------------------------
def test_last_way_to_prove_stays(factor: SecondFactor) -> None:
    with pytest.raises(LastWay):
        second_factor.remove_app(factor=factor)
    first = passkey(factor)
    second_factor.remove_app(factor=factor)
    with pytest.raises(LastWay):
        second_factor.remove_passkey(factor=factor, passkey=first)
    second = passkey(factor, "other")
    second_factor.remove_passkey(factor=factor, passkey=first)
    assert list(factor.passkeys.all()) == [second]


def test_reset_leaves_nothing_and_forgets_the_key(
    factor: SecondFactor, django_capture_on_commit_callbacks
) -> None:
    second_factor.make_recovery_codes(factor=factor)
    with django_capture_on_commit_callbacks(execute=True):
        second_factor.reset(user=factor.user, actor=SYSTEM)
    for model in (SecondFactor, AuthenticatorApp, RecoveryCode):
        assert not model.objects.exists()
    assert not DataKey.objects.filter(owner_id=factor.id).exists()
    assert AuditEntry.objects.get(action="second_factor.reset").object_id == str(factor.user_id)


def test_nobody_resets_their_own(factor: SecondFactor) -> None:
    with pytest.raises(OwnSecondFactor):
        second_factor.reset(user=factor.user, actor=Actor.staff(factor.user_id))
    assert enrolled_factor(factor.user)


def test_key_goes_with_the_account(factor: SecondFactor, django_capture_on_commit_callbacks) -> None:
    assert DataKey.objects.filter(owner_id=factor.id).exists()
    with django_capture_on_commit_callbacks(execute=True):
        factor.user.delete()
    assert not DataKey.objects.filter(owner_id=factor.id).exists()


def test_sweep_of_orphaned_keys_leaves_those_of_second_factors(factor: SecondFactor) -> None:
    with later(days=2):
        housekeeping.sweep_orphan_keys()
    with data_key_scope():
        second_factor.prove_by_app(factor=factor, code=factories.app_code())


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_two_tabs_that_begin_to_enrol_at_once_share_one_factor() -> None:
    user = StaffUser.objects.create_user("new", is_staff=True)
    found = factories.in_parallel(lambda _: second_factor.factor_to_enrol(user=user), 4)
    assert len({one.pk for one in found}) == 1
    assert factories.orphan_keys() == set()


def test_command_resets_for_the_only_administrator(factor: SecondFactor, capsys) -> None:
    call_command("reset_second_factor", "agent")
    assert enrolled_factor(factor.user) is None
    assert AuditEntry.objects.get(action="second_factor.reset").actor_kind == "system"
    with pytest.raises(CommandError):
        call_command("reset_second_factor", "nobody")
