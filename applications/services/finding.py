"""Looking people up: every one who is found is written down, and that nobody was."""

from django.db import transaction

from applications.actors import Actor
from applications.selectors.finding import Found, find_people
from applications.services import audit


def find(*, text: str, actor: Actor) -> list[Found]:
    """Who is known by exactly this. What was typed is kept nowhere."""
    people = find_people(text)
    with transaction.atomic():
        for one in people:
            audit.record(
                actor=actor, action="subject.found", subject_id=one.subject.pk, row=one.subject, by=one.by
            )
        if not people:
            audit.record(actor=actor, action="search.nobody")
    return people
