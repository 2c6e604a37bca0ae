"""The encoding of a CSV: told where it is certain, and never guessed.

UTF-8 proves itself, UTF-16 has its mark. Latin-1 is certain where no other encoding makes sensible
words of the same bytes: then its letters stand among those of ASCII, as in Müller and créée, while
the bytes of a Chinese, Japanese, Korean, Cyrillic or Greek word stand together; and the letters
that another encoding makes of them are those of no language that is written in it.
"""

import codecs
import re
from pathlib import Path
from typing import Final

CHUNK: Final = 1 << 20
MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
OTHER_FILES: Final = {
    b"PK\x03\x04": "it is a workbook or a zip file, not a CSV",
    b"\xd0\xcf\x11\xe0": "it is a workbook of an old Excel, not a CSV",
    b"PAR1": "it is a Parquet file, not a CSV",
    b"\x1f\x8b": "it is compressed (gzip); unpack it",
}

LATIN_LETTER: Final = rb"[\xc0-\xd6\xd8-\xf6\xf8-\xfe]"
"""But ÿ, of the byte 0xFF: it is damage more often than a letter."""
HIGH: Final = re.compile(rb"[\x80-\xff]+")
SIGNS: Final = frozenset(b"\xa0\xa1\xa3\xa7\xa9\xab\xae\xb0\xb2\xb3\xb4\xb7\xbb\xbf\xd7\xf7")
"""No-break space, guillemets, degree and the like: certain where they touch no letter."""

RIVALS: Final = {
    "iso8859-2": (
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýž",  # Czech
        "áäčďéíĺľňóôŕšťúýž",  # Slovak
        "áéíóöőúüű",  # Hungarian
        "ăâîşţ",  # Romanian
        "čćđšž",  # Croatian, Slovene
    ),
    "iso8859-9": ("çğıöşü",),  # Turkish
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"),  # Lithuanian, Latvian, Estonian
}
"""Other encodings of one byte a letter, and the letters of the languages that use them."""


class UnclearEncodingError(Exception):
    """The encoding is not certain; the message is the reason.

    Parameters
    ----------
    reason : str
        What is wrong with the bytes.
    line : int
        Line of the file where that shows; 0 if it is the whole file.
    """

    def __init__(self, reason: str, line: int = 0):
        super().__init__(reason)
        self.line = line


def encoding_of(path: Path) -> str:
    """Return the encoding of a CSV: `utf-8`, `utf-16` or `latin-1`.

    Raises
    ------
    UnclearEncodingError
        If it is another, or not certain.
    """
    with path.open("rb") as stream:
        first = stream.read(CHUNK)
    for mark, reason in OTHER_FILES.items():
        if first.startswith(mark):
            raise UnclearEncodingError(reason)
    for mark, encoding in MARKS.items():
        if first.startswith(mark):
            return encoding
    if _has_every_other_byte_blank(first):
        raise UnclearEncodingError("it looks like UTF-16 without its mark")
    place = _first_fault(path)
    if place is None:
        return "utf-8"
    if is_latin_1(path):
        return "latin-1"
    raise UnclearEncodingError("it is not UTF-8, and its encoding is not certain", place)


def is_latin_1(path: Path) -> bool:
    """Tell whether a file that is not UTF-8 is certain to be Latin-1."""
    letters: set[int] = set()
    with path.open("rb") as stream:
        for line in stream:
            for run in HIGH.finditer(line):
                if not _fits_latin_1(line, run):
                    return False
                letters.update(run[0])
    written = bytes(letters - SIGNS)
    latin = set(written.decode("latin-1").lower())
    for encoding, alphabets in RIVALS.items():
        read = set(written.decode(encoding, "replace").lower())
        if read != latin and any(read <= set(alphabet) for alphabet in alphabets):
            return False
    return True


def _fits_latin_1(line: bytes, run: re.Match[bytes]) -> bool:
    """Tell whether some bytes above ASCII are written as in a word of a Western language."""
    found = run[0]
    before, after = line[run.start() - 1 : run.start()], line[run.end() : run.end() + 1]
    if len(found) == 1 and found[0] in SIGNS:
        return not (before.isalpha() or after.isalpha())
    if not re.fullmatch(LATIN_LETTER + rb"{1,2}", found):
        return False
    text = found.decode("latin-1")
    if text[0] in "ÐÞðþÝý":  # a Turkish letter in the place of an Icelandic one
        return False
    if text.islower():
        # a small letter is followed by no capital; two of them are never alone
        return not after.isupper() and (len(text) == 1 or before.isalpha() or after.isalpha())
    if len(text) == 1:
        return True
    return text.isupper() and before.isupper() and after.isupper()


def _has_every_other_byte_blank(first: bytes) -> bool:
    half = max(len(first[:4096]) // 2, 1)
    return max(first[0:4096:2].count(0), first[1:4096:2].count(0)) > half * 0.4


def _first_fault(path: Path) -> int | None:
    """Return the line of the first bytes that are not UTF-8; `None` if all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            try:
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
            except UnicodeDecodeError as error:
                # the bytes at hand may begin before the chunk; they hold no end of a line
                held = len(error.object) - len(chunk)
                return lines + chunk[: max(error.start - held, 0)].count(b"\n")
            lines += chunk.count(b"\n")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return lines
    return None


COMMON: Final = {
    "gb18030": frozenset(range(0xB0, 0xD8)),
    "big5": frozenset(range(0xA4, 0xC7)),
    "euc-kr": frozenset(range(0xB0, 0xC9)),
    "shift_jis": frozenset([0x82, 0x83, *range(0x88, 0x98)]),
}
"""Encodings of two bytes a letter, and the first bytes of the letters that are used most."""
CERTAIN: Final = 0.9
"""Share of these letters from which on a text is one of that encoding; below, of no other."""


def is_gb18030(path: Path) -> bool:
    """Tell whether a file is certain to be GB18030: Chinese as it is written, and nothing else."""
    shares = {encoding: _share_of_common(path, encoding) for encoding in COMMON}
    chinese = shares.pop("gb18030")
    return chinese >= CERTAIN > max(shares.values())


def _share_of_common(path: Path, encoding: str) -> float:
    """Return the share of letters that are used much; 0 if the file is not of the encoding."""
    common = letters = 0
    with path.open(encoding=encoding, newline="") as stream:
        try:
            for line in stream:
                for sign in line:
                    if sign.isalpha() and not sign.isascii():
                        letters += 1
                        common += sign.encode(encoding)[0] in COMMON[encoding]
        except UnicodeError:
            return 0.0
    return common / letters if letters else 0.0
