"""The Latvian alphabet as an order of names. Pure.

Neither the machine's locales nor the database's are asked: a published order is the same on every machine.
"""

import unicodedata

# Letters of other Latin alphabets stand where that alphabet has them.
ALPHABET = "aābcčdeēfgģhiījkķlļmnņopqrsštuūvwxyzž"
_PLACES = {letter: place for place, letter in enumerate(ALPHABET)}
_MARK, _DIGIT, _LETTER, _OTHER = range(4)

Key = tuple[tuple[tuple[int, int], ...], str]


def latvian_key(text: str) -> Key:
    """A sorting key: ā right after a, č after c, and so on; marks, then digits, then letters, whatever the
    case. Texts that differ in case or in foreign accents alone keep one fixed sequence."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return tuple(_place(character) for character in folded if not unicodedata.combining(character)), text


def _place(character: str) -> tuple[int, int]:
    if character not in _PLACES:
        character = unicodedata.normalize("NFD", character)[0]  # é stands with e
    if character in _PLACES:
        return _LETTER, _PLACES[character]
    if character.isdecimal():
        return _DIGIT, unicodedata.decimal(character)
    return (_OTHER if character.isalpha() else _MARK), ord(character)
