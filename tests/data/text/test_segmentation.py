"""Words, sentences and paragraphs in scripts beside the Latin one."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from lvmctl.core.errors import DataError
from lvmctl.data.text.chunking import chunker, record_text
from lvmctl.data.text.encoders.lsa import Lsa
from lvmctl.data.text.encoders.records import LsaOptions
from lvmctl.data.text.segmentation import sentences, units, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("हिन्दी में वाक्य है।", "हिन्दी में वाक्य है"),
        ("مُحَمَّد يقرأ كتابًا", "مُحَمَّد يقرأ كتابًا"),
        ("می\u200cخواهم", "میخواهم"),
        ("春眠不覺曉，我。", "春眠 眠不 不覺 覺曉 我"),
        ("カラー写真", "カラ ラー ー写 写真"),
        ("น้ำดี", "น้ำดี"),
        ("한국어 문장", "한국어 문장"),
        ("Don't co\u00adoperate, Ab12cd: x²", "don cooperate ab cd"),
        ("one\u200btwo", "one two"),
        ("GPT模型的", "gpt 模型 型的"),
    ],
)
def test_words(text, expected):
    assert words(text) == expected.split()


def test_words_as_they_are_written_keep_capitals_letters_and_numbers():
    text = "I paid 12 Marks_here, Ab3; 春眠不"
    wanted = ["I", "paid", "12", "Marks", "here", "Ab3", "春眠", "眠不"]
    assert words(text, as_written=True) == wanted


def test_letters_of_a_script_without_spaces_keep_their_marks():
    assert words("ที่นี่") == ["ที่นี่"]
    assert words("กั้นน้") == ["กั้น", "นน้"]


def test_words_are_the_same_however_marks_are_encoded():
    text = "Café Ångström जानकारी"
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("यह पहला है। यह दूसरा है॥ क्या? हाँ।", "यह पहला है।|यह दूसरा है॥|क्या?|हाँ।"),
        ("هل هذا كتاب؟ نعم. جيد!", "هل هذا كتاب؟|نعم.|جيد!"),
        ("یہ پہلا ہے۔ یہ دوسرا ہے۔", "یہ پہلا ہے۔|یہ دوسرا ہے۔"),
        ("他说：“好吗？”我说好。走吧！！再见", "他说：“好吗？”|我说好。|走吧！！|再见"),
        ("「はい。」と言った。 次です", "「はい。」|と言った。|次です"),
        ("ประโยคหนึ่ง. ประโยคสอง", "ประโยคหนึ่ง.|ประโยคสอง"),
        ('He said "no." Then 3.5 of lvmctl.train. "So?" ok', None),
    ],
)
def test_sentences(text, expected):
    expected = expected or 'He said "no."|Then 3.5 of lvmctl.train.|"So?"|ok'
    assert chunker("sentence")(text) == expected.split("|")
    assert "".join(sentences(text)) == text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_paragraphs_with_lines_that_end_as_on_any_system(end):
    text = end.join(["one", "more", "", "two", "", "\u200b", "three"])
    assert chunker("paragraph")(text) == ["one more", "two", "three"]


def test_paragraphs_without_anything_to_see_are_no_chunks():
    text = "one\n\n\u200b\ufeff\n\n\u00ad\n\n\u2800\n\n\x00\n\n.\u2029two"
    assert chunker("paragraph")(text) == ["one", ".", "two"]
    with pytest.raises(DataError, match="chunk 1 is empty"):
        record_text({"text": ["one", "\u200b\u2060"]}, "f")


def test_tokens_count_letters_where_there_are_no_spaces():
    assert chunker("tokens", 4)("春眠不覺曉，處處") == ["春眠不覺", "曉，處處"]
    assert chunker("tokens", 2)("one  two\nthree") == ["one two", "three"]
    assert units("ab 春眠 cd") == ["ab ", "春", "眠 ", "cd"]


@pytest.mark.parametrize(
    ("near", "far"),
    [
        (
            ("春天的花开了", "花在春天开", "春天花很多"),
            ("银行卖出债券", "债券在银行", "银行买债券"),
        ),
        (
            ("ดอกไม้บานในฤดูใบไม้ผลิ", "ดอกไม้สวย", "ฤดูใบไม้ผลิมีดอกไม้"),
            ("ธนาคารขายหุ้น", "หุ้นของธนาคาร", "ธนาคารซื้อ"),
        ),
        (("वसंत में फूल", "फूल वसंत में", "सुंदर फूल वसंत"), ("बैंक बांड", "बांड बैंक का", "बैंक बांड और")),
        (
            ("زهور الربيع", "الربيع زهور جميلة", "في الربيع زهور"),
            ("بنك سندات", "سندات البنك بنك", "بنك باع سندات"),
        ),
    ],
    ids=["Chinese", "Thai", "Hindi", "Arabic"],
)
def test_lsa_knows_texts_of_one_subject(near, far):
    encoder = Lsa(LsaOptions(dim=3, max_share=1.0, min_texts=2))
    encoder.fit([*near, *far])
    rows = encoder.encode([*near, *far])
    cosines = rows @ rows.T
    across = cosines[:3, 3:]
    within = np.concatenate(
        [cosines[:3, :3][np.triu_indices(3, 1)], cosines[3:, 3:][np.triu_indices(3, 1)]]
    )
    assert within.min() > across.max() + 0.3
