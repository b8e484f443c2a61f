"""What is refused, as a code and a sentence for people; never personal data."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """A service cannot do what it was asked. `code` is for programs, `sentence` for people."""

    code = "refused"
    sentence: str | Promise = _("This cannot be done.")

    def __init__(self, sentence: str | Promise | None = None) -> None:
        super().__init__(self.code)
        if sentence is not None:
            self.sentence = sentence


class IllegalTransition(Refusal):
    code = "illegal_transition"
    sentence = _("This was already done, or is no longer possible. Look at the page again.")


class AlreadySent(IllegalTransition):
    sentence = _("The application was sent already, so this answer changes nothing and is not saved.")


class SubjectErased(Refusal):
    code = "subject_erased"
    sentence = _("This person's data were erased. Nothing can be stored or read any more.")


class ProcessingRefused(Refusal):
    """These data are not used for this purpose, because the person has a right that stands in the way."""


class ProcessingRestricted(ProcessingRefused):
    code = "processing_restricted"
    sentence = _("The use of these data is restricted: until it is lifted they are only stored.")


class ProcessingObjectedTo(ProcessingRefused):
    code = "processing_objected_to"
    sentence = _("There is an objection to this use of the data, so they are not used for it.")


class ConsentMissing(ProcessingRefused):
    code = "consent_missing"
    sentence = _("There is no consent to this use of the data, or it was withdrawn.")


class RequestWithdrawn(ConsentMissing):
    """What rests on a contract and was done at the person's request, until they took that back."""

    code = "request_withdrawn"
    sentence = _("The request to use the data for this was withdrawn, so they are not used for it any more.")


class NotObjectable(Refusal):
    code = "not_objectable"
    sentence = _("This use of the data does not rest on legitimate interests, so no objection applies to it.")


class CaseRefused(Refusal):
    code = "case_refused"
    sentence = _(
        "Write the number of the case: 3 to 40 letters, digits, hyphens, dots or slashes, with a digit among "
        "them. It is kept in the audit, so it names nobody and is no personal code and no phone number."
    )


class ReasonRefused(Refusal):
    code = "reason_refused"
    sentence = _("Your role has no such reason to see a person's data.")


class OutsideMandate(Refusal):
    code = "outside_mandate"
    sentence = _("No mandate of yours that counts today covers this application.")


class TooManySearches(Refusal):
    code = "too_many_searches"  # the sentence is that of the limit


class TooManyCodes(Refusal):
    code = "too_many_codes"  # the sentence is that of the limit


class CodeRefused(Refusal):
    code = "code_refused"
    sentence = _("This code is not right. Check the newest message and write its six digits.")


class LastTryUsed(CodeRefused):
    code = "last_try_used"
    sentence = _("This code is not right, and that was the last try. Ask for a new code.")


class CodeExpired(Refusal):
    code = "code_expired"
    sentence = _("This code is no longer valid. Ask for a new one.")


class AddressTaken(Refusal):
    code = "address_taken"
    sentence = _("There is another account with this address already. To use that one, sign in with it.")


class Incomplete(Refusal):
    code = "incomplete"
    sentence = _("Some answers are missing or are no longer valid. Go through the marked steps.")


class NotAsked(Refusal):
    code = "not_asked"
    sentence = _(
        "An earlier answer has changed, so this question is no longer asked. "
        "What you wrote here is not saved: go back to continue."
    )


class FormTooOld(Refusal):
    code = "form_too_old"
    sentence = _(
        "The form was open for too long, or your browser does not keep cookies for this site. "
        "Nothing is saved yet: look your answers through and press the button again."
    )


class NoticeChanged(Refusal):
    code = "notice_changed"
    sentence = _("A published notice is never changed: publish a new number.")


class NoRecipients(Refusal):
    code = "no_recipients"
    sentence = _("Tick at least one lender: the application is sent to those alone.")


class SignInRefused(Refusal):
    code = "sign_in_refused"
    sentence = _("This name and password do not belong together, or the account is not in use.")


class SignInLocked(Refusal):
    code = "sign_in_locked"  # the sentence says how long


class ProofRefused(Refusal):
    code = "proof_refused"
    sentence = _("This was not accepted. Try again, or choose another way.")


class AppCodeRefused(ProofRefused):
    code = "app_code_refused"
    sentence = _(
        "This code is not right, or it was used already. Wait for the next one and write its six digits."
    )


class RecoveryCodeRefused(ProofRefused):
    code = "recovery_code_refused"
    sentence = _("This recovery code is not right, or it was used already.")


class LastWay(Refusal):
    code = "last_way"
    sentence = _("This is the only way left to prove who you are. Add another one first.")


class OwnSecondFactor(Refusal):
    code = "own_second_factor"
    sentence = _("Nobody resets their own second factor: another administrator does it.")
