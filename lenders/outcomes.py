"""What came of asking a lender, in words for staff: the codes that deliveries, attempts and messages keep."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lenders.adapters.errors import ErrorCode

# The call failed, or what came back is of no use.
FAULTS: Mapping[str, str | Promise] = {
    ErrorCode.NOT_SUPPORTED: _("Its interface has no way to say this."),
    ErrorCode.FIELD_NOT_SUPPORTED: _("Its interface has no place for a field that it asks for."),
    ErrorCode.VALUE_NOT_SUPPORTED: _("Its interface has no word for one of the answers."),
    ErrorCode.NOT_CONFIGURED: _("The lender is not set up completely."),
    ErrorCode.ADDRESS_REFUSED: _("Its address leads to where we do not connect."),
    ErrorCode.UNREACHABLE: _("It could not be reached."),
    ErrorCode.TLS_FAILED: _("No secure connection could be made."),
    ErrorCode.TOKEN_NOT_GIVEN: _("It gave us no access token, so nothing was sent."),
    ErrorCode.TIMED_OUT: _("It did not answer in time."),
    ErrorCode.DISCONNECTED: _("The connection broke off."),
    ErrorCode.REDIRECTED: _("It sent us on to another address, which we do not follow."),
    ErrorCode.TOO_LARGE: _("Its answer was too large."),
    ErrorCode.UNAVAILABLE: _("It said that it cannot answer at the moment."),
    ErrorCode.REJECTED: _("It refused the request."),
    ErrorCode.TOKEN_REFUSED: _("It did not accept the access token that it had given us."),
    ErrorCode.NOT_RECEIVED: _("It said that it has not received it."),
    ErrorCode.ALREADY_RECEIVED: _("It said that it had received it before."),
    ErrorCode.MALFORMED_ANSWER: _("Its answer could not be read."),
    ErrorCode.BAD_SIGNATURE: _("Its answer was not signed as agreed."),
    ErrorCode.STALE_MESSAGE: _("Its answer was too old."),
    ErrorCode.WRONG_SUBMISSION: _("Its answer was about something else."),
}
# Nothing was sent, or not any more, for a reason of ours or the person's.
REASONS: Mapping[str, str | Promise] = {
    "quarantined": _("Workers took it up again and again, and none could say what came of it."),
    "deadline_passed": _("The time for it was over."),
    "late_window_closed": _("The time in which an answer counts was over."),
    "no_longer_wanted": _("It was not wanted any more."),
    "no_longer_chosen": _("This offer was not the chosen one any more."),
    "still_on_its_way": _("Something was still on its way to this lender."),
    "told_by_hand": _("Its interface takes no such word, so staff tell it."),
    "not_reviewed": _("The day by which it was to answer is over."),
    "never_left": _("Nothing had left for this lender."),
    "another_chosen": _("Another offer was chosen."),
    "nothing_to_learn": _("No answer could have changed anything any more."),
    "already_answered": _("The lender had answered already."),
    "lender_paused": _("The lender was paused."),
    "recipient_lapsed": _("The lender's papers are not in order."),
    "apr_impossible": _("What it offered has no APR that an offer can have."),
    "request_withdrawn": _("The request to pass it on was withdrawn."),
    "consent_missing": _("There is no consent to pass it on."),
    "processing_restricted": _("The use of the person's data is restricted."),
    "processing_objected_to": _("The person objected to it."),
    "subject_erased": _("The person's data were erased."),
    "database_away": _("Our database could not be reached."),
    "unknown_epoch": _("Our keys could not be had."),
    "data_key": _("Our keys could not be had."),
    "ring_behind": _("Our keys could not be had."),
    "lease_lost": _("The worker was too slow, and another one took over."),
}
# What a lender said.
ANSWERS: Mapping[str, str | Promise] = {
    "offered": _("It made an offer."),
    "declined": _("It declined."),
    "pending": _("It is considering."),
    "needsmore": _("It needs more information."),
    "withdrawn": _("It withdrew."),
    "contractsigned": _("The contract is signed."),
    "deleted": _("It deleted what it had received."),
    "retained": _("It keeps data, and says why and until when."),
    "accepted": _("It knows of the choice."),
    "noted": _("It took note."),
    "reviewed": _("A human being there reviewed its decision."),
    "unrecognised": _("It said something that we do not know."),
    "too_late": _("It came too late to count."),
    "out_of_place": _("It did not fit any more."),
    "signed_not_chosen": _("It said that a contract is signed, though its offer is not the chosen one."),
    "figures_changed": _("It sent other figures for an offer that was shown already."),
    "too_many": _("It made more offers than a person can compare."),
    "expired": _("What it offered had expired."),
    "duplicate": _("It had been said before."),
    "taken": _("It was taken in."),
}
IN_WORDS = {**FAULTS, **REASONS, **ANSWERS}


def in_words(code: str) -> str:
    """The sentence for a stored code; of an attempt without one, that nothing is known."""
    if not code:
        return gettext("There is no outcome yet.")
    return str(IN_WORDS.get(code) or gettext("It ended for another reason."))
