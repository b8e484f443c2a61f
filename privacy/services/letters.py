from datetime import timedelta

from django.utils import timezone

from applications.tokens import new_token, token_hash
from privacy.models import Letter, LetterTemplate
from privacy.services.moves import note


def send_letter(*, request, kind, actor, facts=None, to=None):
    template, _ = LetterTemplate.objects.get_or_create(
        kind=kind, language=request.language, number=1, defaults={"title": "t", "body": "b"}
    )
    letter = Letter.objects.create(
        request=request,
        template=template,
        facts=facts or {},
        token_hash=token_hash(new_token()),
        written_at=timezone.now(),
        opens_until=timezone.now() + timedelta(days=90),
    )
    note(request, "letter", actor, why=kind)
    return letter
