"""News that travels upward. Receivers run inside the sender's transaction."""

from django.dispatch import Signal

# application: Application; recipients: Mapping of the slugs of ticked lenders to the fields each needed
# when the consumer saw it; actor: Actor
application_submitted = Signal()

# user: StaffUser, an administrator of accounts that nobody in the admin made
administrator_made = Signal()

# subject_id: UUID; application_id: UUID or None; purpose: Purpose; actor: Actor
consent_withdrawn = Signal()

# subject_id: UUID; paused: timedelta, for how long the person's data were only stored until now
processing_resumed = Signal()
