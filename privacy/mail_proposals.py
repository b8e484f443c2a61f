"""What a message may be about: plain rules that anybody can check. Pure.

A proposal decides nothing: the officer reads the message and confirms, or not. Words are compared without
case and accents, since people write "ludzu dzest" as well.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from applications.references import ALPHABET
from privacy.models import Right

# By the value of a Right. What begins with a word below counts; several words are taken as they stand.
WORDS: Mapping[str, tuple[str, ...]] = {
    "access": (
        "15. pant", "15.pant", "piekļuv", "piekļūt", "datu kopij", "kādi dati", "kādus datus",
        "kāda informācija", "article 15", "art. 15", "access", "copy of my", "copy of the data",
        "what data", "which data", "dsar",
        "ст. 15", "статья 15", "статьи 15", "доступ", "копию", "копия", "какие данные", "какие мои данные",
    ),
    "erasure": (
        "17. pant", "17.pant", "dzēst", "dzēsiet", "dzēšan", "izdzē", "aizmirst", "tikt aizmirst",
        "article 17", "art. 17", "erase", "erasure", "delet", "remove my", "be forgotten",
        "ст. 17", "статья 17", "статьи 17", "удал", "сотрите", "стереть", "забыт",
    ),
    "rectification": (
        "16. pant", "16.pant", "labot", "labojiet", "izlabo", "precizē", "kļūdain", "nepareiz", "neprecīz",
        "article 16", "art. 16", "rectif", "correct my", "incorrect", "inaccura", "is wrong",
        "ст. 16", "статья 16", "статьи 16", "исправ", "уточн", "неверн", "неправильн",
    ),
    "restriction": (
        "18. pant", "18.pant", "ierobežo", "article 18", "art. 18", "restrict",
        "ст. 18", "статья 18", "статьи 18", "огранич",
    ),
    "portability": (
        "20. pant", "20.pant", "pārnes", "article 20", "art. 20", "portab", "machine-readable",
        "transfer my data",
        "ст. 20", "статья 20", "статьи 20", "перенос", "перенести", "передайте мои данные",
    ),
    "objection": (
        "21. pant", "21.pant", "iebil", "reklām", "mārketing", "article 21", "art. 21", "object to",
        "i object", "unsubscribe", "marketing", "advertis",
        "ст. 21", "статья 21", "статьи 21", "возраж", "реклам", "рассылк",
    ),
    "review": (
        "22. pant", "22.pant", "pārskat", "automatizēt", "lai cilvēks", "article 22", "art. 22", "review",
        "human being", "automated",
        "ст. 22", "статья 22", "статьи 22", "пересмотр", "автоматическ", "человек",
    ),
    "complaint": (
        "77. pant", "77.pant", "sūdz", "article 77", "art. 77", "complain",
        "ст. 77", "статья 77", "статьи 77", "жалоб",
    ),
}  # fmt: skip
LANGUAGE_WORDS: Mapping[str, frozenset[str]] = {
    "lv": frozenset(
        {
            "un", "es", "par", "man", "mani", "mans", "manu", "manus", "dati", "datus", "ludzu", "velos",
            "labdien", "jums", "jus", "ka", "ar", "no",
        }
    ),
    "en": frozenset(
        {
            "the", "and", "i", "my", "me", "you", "your", "data", "please", "would", "like", "to", "of", "is",
            "are", "dear", "hello",
        }
    ),
}  # fmt: skip
MOST_FOUND = 5

CODE = rf"[{ALPHABET}]{{5}}"
OURS = re.compile(rf"\b(?:JB|R|C|A)[-– ]?{CODE}[-– ]?{CODE}\b", re.IGNORECASE)
ELECTRONIC = re.compile(r"[\w.+-]{1,64}@[\w-]{1,60}(?:\.[\w-]{1,60}){1,5}")
NUMBER = re.compile(r"\+?\d(?:[ –-]?\d){7,13}")


@dataclass(frozen=True)
class ProposedRight:
    """What may be asked for, and the words of the message that say so."""

    right: Right
    because: tuple[str, ...] = field(repr=False)


def proposed_rights(text: str) -> list[ProposedRight]:
    """What the words may ask for: all that fits, in the order of the table."""
    folded = _folded(text)
    found = {
        Right(value): tuple(word for word in words if re.search(rf"\b{re.escape(_folded(word))}", folded))
        for value, words in WORDS.items()
        if value in Right.values
    }
    return [ProposedRight(right, because) for right, because in found.items() if because]


def language_of(text: str, *, otherwise: str) -> str:
    """The language in which the answer is proposed: that of the letters, or of common words."""
    letters = [one for one in text if one.isalpha()]
    cyrillic = sum("CYRILLIC" in unicodedata.name(one, "") for one in letters[:2000])
    if letters and cyrillic * 2 > len(letters[:2000]):
        return "ru"
    words = re.findall(r"\w+", _folded(text[:5000]))
    counts = {language: sum(word in known for word in words) for language, known in LANGUAGE_WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] > min(counts.values()) else otherwise


def our_numbers(text: str) -> list[str]:
    """Numbers of ours that the text names: of requests, applications, customers, accounts."""
    return _some(found.replace("–", "-").upper() for found in OURS.findall(text))


def addresses(text: str) -> list[str]:
    """E-mail addresses that the text names."""
    return _some(found.rstrip(".").casefold() for found in ELECTRONIC.findall(text))


def long_numbers(text: str) -> list[str]:
    """What may be personal codes or phone numbers."""
    return _some(found.replace("–", "-") for found in NUMBER.findall(text))


def _some(found: Iterable[str]) -> list[str]:
    """The first few, each once: a message is no way to try codes one by one."""
    return list(dict.fromkeys(found))[:MOST_FOUND]


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))
