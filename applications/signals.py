"""News that travels upward. Receivers run inside the sender's transaction."""

from django.dispatch import Signal

# application: Application; recipients: tuple of lender slugs that the consumer ticked; actor: Actor
application_submitted = Signal()

# subject_id: UUID; paused: timedelta, for how long the person's data were only stored until now
processing_resumed = Signal()
