"""What a letter is about, as codes and dates, and the sentences that codes are read as.

A letter is open to whoever has its link: nothing in it is of the person but the number of the request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from applications.formats import date_text
from applications.models import RestrictionGround
from applications.personal import Purpose
from privacy.models import Exception17, Refusal, Right, TransferStatus


class Delay(TextChoices):
    """Why an answer takes longer than a month (GDPR Art. 12(3))."""

    COMPLEX = "complex", _("The request is complex")
    MANY = "many", _("There are many requests")


RIGHTS: Mapping[Right, Promise] = {
    Right.ACCESS: _("access to your data and a copy of them (GDPR Article 15)"),
    Right.RECTIFICATION: _("correction of your data (GDPR Article 16)"),
    Right.ERASURE: _("erasure of your data (GDPR Article 17)"),
    Right.PORTABILITY: _("your data, to take them elsewhere (GDPR Article 20)"),
    Right.RESTRICTION: _("restriction of the use of your data (GDPR Article 18)"),
    Right.OBJECTION: _("an objection to a use of your data (GDPR Article 21)"),
    Right.REVIEW: _("a review of a lender’s decision by a human being (GDPR Article 22(3))"),
    Right.COMPLAINT: _("the papers for a complaint (GDPR Article 77)"),
}

DELAYS: Mapping[Delay, Promise] = {
    Delay.COMPLEX: _(
        "The request is complex: finding, checking and putting together all that it concerns takes longer."
    ),
    Delay.MANY: _("We have received unusually many requests, and we look into each of them thoroughly."),
}

REFUSALS: Mapping[Refusal, Promise] = {
    Refusal.NOT_IDENTIFIED: _(
        "From what we know we cannot tell whose data are meant, and as long as we cannot, we must neither "
        "hand data out nor erase them (GDPR Articles 11(2) and 12(2))."
    ),
    Refusal.NOTHING_HELD: _("We hold no data of whoever asks (GDPR Article 15(1))."),
    Refusal.UNFOUNDED: _(
        "The request is manifestly unfounded or excessive, for example because the same is asked again and "
        "again, and the law lets us refuse such a request (GDPR Article 12(5))."
    ),
    Refusal.EXCEPTION: _("The law has an exception for such a case, and it applies here."),
}

# Of which article the exception is, where no ground of Art. 17(3) says it.
EXCEPTIONS: Mapping[Right, Promise] = {
    Right.ACCESS: _(
        "A copy would harm the rights and freedoms of others, or a law limits access (GDPR Articles 15(4) "
        "and 23)."
    ),
    Right.RECTIFICATION: _("By what we could find out, the data are right as they are (GDPR Article 16)."),
    Right.ERASURE: _("The processing of these data is still necessary (GDPR Article 17(3))."),
    Right.PORTABILITY: _("It would harm the rights and freedoms of others (GDPR Article 20(4))."),
    Right.RESTRICTION: _("None of the grounds for a restriction is there (GDPR Article 18(1))."),
    Right.OBJECTION: _("This use does not rest on legitimate interests (GDPR Article 21(1))."),
    Right.REVIEW: _(
        "There is no decision of this lender (any more) that could be reviewed (GDPR Article 22(3))."
    ),
    Right.COMPLAINT: _("There is no request of yours to complain about."),
}

GROUNDS: Mapping[Exception17, Promise] = {
    Exception17.EXPRESSION: _(
        "The data are needed for freedom of expression and information (GDPR Article 17(3)(a))"
    ),
    Exception17.DUTY: _("A law obliges us to keep the data (GDPR Article 17(3)(b))"),
    Exception17.CLAIMS: _(
        "The data are needed to establish, exercise or defend legal claims (GDPR Article 17(3)(e))"
    ),
}

RESTRICTION_GROUNDS: Mapping[RestrictionGround, Promise] = {
    RestrictionGround.ACCURACY: _("you contest that the data are accurate (GDPR Article 18(1)(a))"),
    RestrictionGround.UNLAWFUL: _(
        "you regard the processing as unlawful and want restriction instead of erasure "
        "(GDPR Article 18(1)(b))"
    ),
    RestrictionGround.CLAIMS: _("you need the data for legal claims (GDPR Article 18(1)(c))"),
    RestrictionGround.OBJECTION: _(
        "you have objected, and it is being weighed whose grounds count for more (GDPR Article 18(1)(d))"
    ),
}

PARTLY = _(
    "A part of what you asked for we have not changed, because by what we could find out it is right as it "
    "is. Why, you read below. You can complete it by a statement of your own."
)

WITHHELD = _(
    "Not in the copy are values that are about other people as well, where handing them out would harm the "
    "rights and freedoms of those people (GDPR Article 15(4))."
)

PASSED: Mapping[TransferStatus, Promise] = {
    TransferStatus.DELIVERED: _(
        "What you asked us to pass on has arrived. Sign in there with the same e-mail address: nothing is "
        "used before you accept it."
    ),
    TransferStatus.FAILED: _(
        "We could not pass your data on as you asked. Your own pages say to whom; you can take the file "
        "there yourself, or ask us once more."
    ),
}


@dataclass(frozen=True)
class Kept:
    """What an erasure leaves: on which ground, and until when if that is known."""

    ground: Exception17
    until: date | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        until = given.get("until")
        return cls(Exception17(given["ground"]), _as_day(until) if until else None)

    @property
    def sentence(self) -> str:
        ground = GROUNDS[self.ground]
        if self.until is None:
            return gettext("%(ground)s: for as long as that holds.") % {"ground": ground}
        sentence = gettext("%(ground)s: until %(day)s.") % {"ground": ground, "day": day_text(self.until)}
        return sentence.replace("..", ".")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts of one letter. What a letter of its kind does not tell is None or empty."""

    right: Right
    received_on: date
    due_on: date
    why: Refusal | Delay | None = None
    grounds: tuple[Exception17, ...] = ()
    kept: tuple[Kept, ...] = ()
    withheld: bool = False
    final_by: date | None = None
    expires_on: date | None = None
    passed: TransferStatus | None = None
    partly: bool = False
    ground: RestrictionGround | None = None
    ends_on: date | None = None
    purpose: Purpose | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """From codes and days, as stored or as a caller has them.

        Raises KeyError, TypeError or ValueError for anything else: no other words come into a letter.
        """
        read: dict[str, Any] = {name: READERS[name](value) for name, value in given.items()}
        return cls(**read)

    def as_stored(self) -> dict[str, Any]:
        """As JSON: codes and ISO dates, without what is empty."""
        kept = [{"ground": one.ground.value, "until": _stored(one.until)} for one in self.kept]
        plain = {name: _stored(value) for name, value in vars(self).items() if name != "kept"}
        return {name: value for name, value in (plain | {"kept": kept}).items() if value}

    @property
    def reason(self) -> str:
        """Why something is not done, or not yet, in words."""
        if isinstance(self.why, Delay):
            return str(DELAYS[self.why])
        if self.why is None:
            return ""
        sentences = [str(REFUSALS[self.why])]
        if self.why == Refusal.EXCEPTION:
            sentences += [f"{GROUNDS[one]}." for one in self.grounds] or [str(EXCEPTIONS[self.right])]
        return " ".join(sentences)


def day_text(day: date) -> str:
    """A day in a sentence; the point after a day is Latvian alone."""
    text = date_text(day)
    return text.rstrip(".") if get_language() == "ru" else text


def _why(code: str) -> Refusal | Delay:
    return Delay(code) if code in Delay.values else Refusal(code)


def _as_day(value: date | str) -> date:
    if isinstance(value, datetime):
        return timezone.localdate(value)
    return value if isinstance(value, date) else date.fromisoformat(value)


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_stored(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, TextChoices) else value


READERS: Mapping[str, Any] = {
    "right": Right,
    "received_on": _as_day,
    "due_on": _as_day,
    "why": _why,
    "grounds": lambda codes: tuple(map(Exception17, codes)),
    "kept": lambda items: tuple(map(Kept.of, items)),
    "withheld": bool,
    "final_by": _as_day,
    "expires_on": _as_day,
    "passed": TransferStatus,
    "partly": bool,
    "ground": RestrictionGround,
    "ends_on": _as_day,
    "purpose": Purpose,
}
