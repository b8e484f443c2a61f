"""What the privacy floor refuses, with a sentence for people."""

from django.utils.translation import gettext_lazy as _

from applications.errors import Refusal


class TooLateToExtend(Refusal):
    code = "too_late_to_extend"
    sentence = _("More time can be taken once, and only if it is announced within the first month.")


class DecisionMissing(Refusal):
    code = "decision_missing"
    sentence = _("Write down why: the decision has to be explained.")


class NotKept(Refusal):
    code = "not_kept"
    sentence = _(
        "Only an application of the person who asks can stay after an erasure, with a ground and a day."
    )


class NoSuchController(Refusal):
    code = "no_such_controller"
    sentence = _("Nothing can be passed on there at the moment. You can download the file and take it there.")


class KeysRefused(Refusal):
    code = "keys_refused"
    sentence = _(
        "This is no set of public Ed25519 keys (JWKS), or one of the keys belongs to somebody else already."
    )


class EndpointRefused(Refusal):
    code = "endpoint_refused"
    sentence = _("Write an address that begins with https:// and names a public host.")


class NothingThere(Refusal):
    code = "nothing_there"
    sentence = _("There is nothing to take any more: it was taken, declined, or lay here for too long.")


class SamePerson(Refusal):
    code = "same_person"
    sentence = _("You have approved it already: the second approval is another person's.")


class NoOfficer(Refusal):
    code = "no_officer"
    sentence = _("One of the two who approve is a data protection officer whose role counts today.")


class PeriodsRefused(Refusal):
    code = "periods_refused"
    sentence = _(
        "Nothing is proposed: a period is too long or too short, the day is over, or nothing changes."
    )


class EditionOvertaken(Refusal):
    code = "edition_overtaken"
    sentence = _(
        "An edition that was approved since holds from that day on: drop this one, and propose anew."
    )


class NotTaken(Refusal):
    code = "not_taken"
    sentence = _("Nobody has fetched the package yet, so it cannot have been handed over: fetch it first.")


class NothingToDisclose(Refusal):
    code = "nothing_to_disclose"
    sentence = _(
        "Nothing is held that would be disclosed, or it was erased. Refuse the request: the answer says so."
    )


class NoCase(Refusal):
    code = "no_case"
    sentence = _("Name first whose data it is about.")


class RecipientLapsed(Refusal):
    code = "recipient_lapsed"
    sentence = _("The partner's papers in the register of recipients are not in order.")


class SecrecyRefused(Refusal):
    code = "secrecy_refused"
    sentence = _(
        "Secrecy needs the law that asks for it and a day in the future, six months from now at most; "
        "afterwards it is looked at again. What has been told cannot be hidden."
    )


class CertificateRefused(Refusal):
    code = "certificate_refused"
    sentence = _(
        "This is no certificate that a package can be sealed for: an X.509 certificate in force today, "
        "with an RSA key of at least 2048 bits that may encipher keys."
    )


class MapChanged(Refusal):
    code = "map_changed"
    sentence = _("The data map does not give this recipient all of it any more.")


class AnotherLedger(Refusal):
    code = "another_ledger"
    sentence = _(
        "This database and the erasure ledger do not belong together: up to the last entry of the database "
        "they differ. Look whether ERASURE_LEDGER names the right file."
    )


class NewerLedger(Refusal):
    code = "newer_ledger"
    sentence = _("A newer version of the product wrote to the erasure ledger. Install that version first.")


class YoungerLedger(Refusal):
    code = "younger_ledger"
    sentence = _(
        "The erasure ledger was begun anew after this copy was made, and lacks what came between. Restore a "
        "newer copy, or put an older file of the ledger in its place."
    )
