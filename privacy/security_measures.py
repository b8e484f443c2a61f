"""What the software does for the security of personal data (GDPR Art. 32(1)), in general words.

Each sentence says what the code does, and docs/architecture.md how. What rests on people and machines around
the software (training, firewalls, backups) stands with the controller, not here.
"""

from django.utils.translation import gettext_lazy as _

MEASURES = (
    (
        _("Encryption at rest"),
        _(
            "What a person writes into the form, mails to them and lenders' secrets are encrypted "
            "(AES-256-GCM), each person's under a key of their own. The keys are in another database, "
            "wrapped by a master key that is in neither."
        ),
    ),
    (
        _("Encryption in transit"),
        _(
            "In production pages are served over HTTPS alone (HSTS). Lenders are reached over HTTPS alone, "
            "at addresses listed for each; messages in both directions are signed and each counts once."
        ),
    ),
    (
        _("Pseudonymisation"),
        _(
            "Encrypted values are found through keyed hashes. Statistics count pseudonyms that change every "
            "month; when the month's key is destroyed nobody can be found in them."
        ),
    ),
    (
        _("Minimisation"),
        _(
            "A lender gets the fields that it declared it needs, and no other. Staff see people masked, and "
            "unmasked for minutes only, for a reason that is written down and that the person can read. A "
            "use that the data map does not allow is refused by the code, and found by its checks."
        ),
    ),
    (
        _("Access"),
        _(
            "Staff have accounts of their own with the least rights their role needs; a role that reads "
            "personal data counts only with training on record. They come in with a password and a passkey "
            "or a code of an app; sessions end when they are not used, guesses lock the door, and what is "
            "sensitive asks again. A consumer comes in with a code mailed to their address: it "
            "counts once, for ten minutes, for five tries, in the browser that asked."
        ),
    ),
    (
        _("Accountability"),
        _(
            "What is done with a person's data, and every application that staff open, is written into an "
            "audit that can only be added to. Every disclosure is a row of its own."
        ),
    ),
    (
        _("Logs"),
        _("Only listed facts reach a log; a message or an error that quotes data does not."),
    ),
    (
        _("Resilience"),
        _(
            "What is to be sent is written in the same transaction as its reason, and is sent again after a "
            "failure without being counted twice."
        ),
    ),
    (
        _("Erasure"),
        _(
            "Daily jobs delete drafts, mailed codes, sessions and months of statistics when their time "
            "is over."
        ),
    ),
    (
        _("Web pages"),
        _(
            "Pages load nothing from elsewhere and run no script but their own files; pages with personal "
            "data are not kept by caches."
        ),
    ),
)
"""Name and description of each measure."""
