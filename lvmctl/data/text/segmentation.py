"""Words, sentences and lines of text in any script, by the properties that Unicode gives letters.

Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces between words. No
dictionary is at hand, so two neighbouring letters count as a word there, as search engines do.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import regex

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Line_Break=Complex_Context}]"
# A letter with its marks: \X is what a reader takes as one letter.
_LETTER = rf"(?:(?={_UNSPACED})\X)"
_WORD = regex.compile(rf"{_LETTER}+|(?:(?!{_UNSPACED})[^\W\d_]){{2,}}")
_WRITTEN = regex.compile(rf"{_LETTER}+|(?:(?!{_UNSPACED})[^\W_])+")
_LETTERS = regex.compile(r"\X")
_UNIT = regex.compile(rf"{_LETTER}|(?:(?!{_UNSPACED})\S)+")
_SENTENCE_END = regex.compile(
    # A space and a word follow, so "3.5" and "lvmctl.train" are whole.
    r"""[.…\p{Sentence_Break=STerm}]["'”’»)\]]*(?=\s+["'“‘«(\[]*[^\W_])"""
    # The full-width ones end a sentence wherever they stand.
    r"""|[。！？｡]++["'”’»)\]」』）】》〉]*+(?=.)""",
    regex.DOTALL,
)
_LINE_END = regex.compile(r"\r\r\n|\r\n|\r|\u2028|\u0085")
_PARAGRAPH_END = regex.compile(r"\n(?:(?:[^\S\n]|\p{Default_Ignorable_Code_Point})*\n)+|\u2029")
_BREAK = "\u200b"  # a space without width, which parts words
_IGNORED = regex.compile(r"(?!\u200b)[\p{Default_Ignorable_Code_Point}\p{Cc}--\s]", regex.V1)
_SHOWN = regex.compile(r"[^\s\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800]")


def words(text: str, *, as_written: bool = False) -> list[str]:
    """The words of a text in lower case, in order, at least two letters long.

    ``as_written`` leaves capitals, and gives single letters and numbers too.

    Marks belong to their letters, however they are encoded; invisible characters, such as soft
    hyphens, are left out. A run of letters of a script without spaces gives each two neighbours
    (``春眠不`` is ``春眠``, ``眠不``), and a letter that stands alone is one word.
    """
    if not text.isascii():
        text = _IGNORED.sub("", unicodedata.normalize("NFC", text)).replace(_BREAK, " ")
    runs = _WRITTEN.findall(text) if as_written else _WORD.findall(text.lower())
    return [word for run in runs for word in ([run] if run.isascii() else _pairs(run))]


def units(text: str) -> list[str]:
    """A text in pieces of one word or, in a script without spaces, one letter; each piece keeps
    the white space after it, so that they are the text when they are joined."""
    starts = [match.start() for match in _UNIT.finditer(text)]
    return [text[low:high] for low, high in zip(starts, [*starts[1:], len(text)])]


def sentences(text: str) -> list[str]:
    """A paragraph in pieces of one sentence, which are the text when they are joined."""
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    return [text[low:high] for low, high in pairwise(ends)]


def paragraphs(text: str) -> list[str]:
    """A text in pieces between blank lines; lines may end as on any system."""
    return _PARAGRAPH_END.split(_LINE_END.sub("\n", text))


def is_visible(text: str) -> bool:
    """Whether anything of a text can be seen: no white space, control or formatting character."""
    return bool(_SHOWN.search(text))


def _pairs(word: str) -> list[str]:
    if not regex.match(_UNSPACED, word):
        return [word]
    letters = _LETTERS.findall(word)
    return [first + second for first, second in pairwise(letters)] or letters
