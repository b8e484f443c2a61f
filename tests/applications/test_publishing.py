"""Publishing notices: a number, once published, keeps its text."""

import pytest
from django.db import IntegrityError, transaction

from applications.actors import SYSTEM
from applications.errors import NoticeChanged
from applications.models import AuditEntry, NoticeKind, NoticeVersion
from applications.selectors.notices import current_notice, notice_versions
from applications.services.notices import digest_of, publish_notice
from tests import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


def publish(**changes: str) -> NoticeVersion:
    text = {"kind": NoticeKind.TERMS, "language": "lv", "title": "Terms", "body": "<p>One</p>"}
    return publish_notice(number=1, actor=SYSTEM, **(text | changes))


def test_published_text_carries_its_digest() -> None:
    notice = publish()
    assert notice.digest == digest_of("Terms", "<p>One</p>")
    assert len(notice.digest) == 64


def test_publishing_the_same_text_again_changes_nothing() -> None:
    assert publish() == publish()
    assert AuditEntry.objects.filter(action="notice.published").count() == 1


@pytest.mark.parametrize("change", [{"title": "Other"}, {"body": "<p>Two</p>"}])
def test_another_text_under_a_published_number_is_refused(change: dict[str, str]) -> None:
    publish()
    with pytest.raises(NoticeChanged):
        publish(**change)
    assert NoticeVersion.objects.get().body == "<p>One</p>"


def test_database_refuses_two_texts_of_one_number_and_language() -> None:
    publish()
    with pytest.raises(IntegrityError), transaction.atomic():
        NoticeVersion.objects.create(kind="terms", number=1, language="lv", title="x", body="x", digest="x")


def test_newest_number_is_in_force_and_earlier_ones_stay() -> None:
    factories.notice(number=1)
    newest = factories.notice(number=2)
    assert current_notice(NoticeKind.TERMS, "lv") == newest
    assert [notice.number for notice in notice_versions(NoticeKind.TERMS)] == [2, 1]


def test_version_without_a_translation_is_shown_in_latvian() -> None:
    factories.notice(number=1, language="ru")
    latvian = factories.notice(number=2, language="lv")
    factories.notice(number=2, language="en")
    assert current_notice(NoticeKind.TERMS, "ru") == latvian


def test_nothing_published_is_nothing_in_force() -> None:
    assert current_notice(NoticeKind.TERMS, "lv") is None


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_text_published_by_several_processes_at_once_is_published_once() -> None:
    published = factories.in_parallel(lambda _: publish().pk, 6)
    assert len(set(published)) == 1, published
    assert AuditEntry.objects.filter(action="notice.published").count() == 1
