"""Reading notices."""

from django.db.models import QuerySet

from applications.models import NoticeVersion


def notice_versions(kind: str, language: str | None = None) -> QuerySet[NoticeVersion]:
    """All versions of a notice, newest first; in one language, or in all."""
    versions = NoticeVersion.objects.filter(kind=kind).order_by("-number", "language")
    return versions.filter(language=language) if language else versions


def current_notice(kind: str, language: str) -> NoticeVersion | None:
    """The version in force, in `language`, or in Latvian where that version has no translation."""
    newest = notice_versions(kind).first()
    if newest is None:
        return None
    in_force = {notice.language: notice for notice in notice_versions(kind).filter(number=newest.number)}
    return in_force.get(language) or in_force.get("lv") or newest
