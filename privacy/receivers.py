"""What the privacy floor does on signals: after a migration its letters have texts."""

from typing import Any

from django.apps import apps as installed
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from privacy.services.letters import load_delivered_templates


@receiver(post_migrate, dispatch_uid="privacy.letters")
def enter_delivered_letters(*, app_config: Any, using: str, apps: Any = installed, **_: Any) -> None:
    """The register of letters begins with the delivered texts; what the DPO wrote stays."""
    if app_config.label != "privacy" or using != DEFAULT_DB_ALIAS:
        return
    try:
        model = apps.get_model("privacy", "LetterTemplate")
    except LookupError:  # migrated to a state before the letters
        return
    load_delivered_templates(model)
