"""Whatever is sent, the answer is JSON of one line, and never a fault of the server."""

from __future__ import annotations

import json

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lvmctl_serve import schemas
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

QUICK = settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def names(model):
    """The fields of a request and of those that are made from it."""
    return [*model.model_fields, *(n for below in model.__subclasses__() for n in names(below))]


POSTS = ("/infer", "/chat", "/encode", "/decode", "/rank", "/v1/embeddings")
FIELDS = [name for model in schemas.Body.__subclasses__() for name in names(model)]

numbers = st.floats() | st.integers() | st.just(10**400)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def is_a_line(answer) -> bool:
    """Whether an answer is what can be said of a request that is wrong."""
    if not 400 <= answer.status_code < 500:
        return False
    said = answer.json()
    return said.keys() == {"detail"} and "\n" not in said["detail"] and len(said["detail"]) < 400


@pytest.mark.parametrize("path", POSTS)
def test_fields_of_any_kind(client, path):
    @QUICK
    @given(body=st.dictionaries(st.sampled_from(FIELDS), values, max_size=4))
    def check(body):
        content = json.dumps(body)  # with NaN and Infinity, as Python writes them
        answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200 or is_a_line(answer), answer.text[:300]

    check()


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{",
        b"\xff\xfe",
        b'{"texts": NaN}',
        b'{"texts": ["a"], "paragraph": "a", "model": "plain", "input": "a", "more": NaN}',
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"x": ' + b"9" * 100_000 + b"}",
    ],
    ids=lambda content: content[:12].decode("latin-1"),
)
def test_bodies_that_say_nothing(client, path, content):
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert is_a_line(answer), answer.text[:300]


def test_a_form_is_answered_with_the_content_type_to_send(client):
    answer = client.post("/encode", data={"texts": "a"})
    assert is_a_line(answer)
    assert "Content-Type: application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/encode", "texts"),
        ("/chat", "paragraph"),
        ("/infer", "context_vectors"),
        ("/v1/embeddings", "input"),
    ],
)
def test_ten_megabytes_of_a_letter(client, path, field):
    text = "a" * 10_000_000
    body = {field: [text] if field == "texts" else text, "model": "plain"}
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert is_a_line(answer)


@pytest.mark.parametrize(
    ("vectors", "words"),
    [
        ([], "list of vectors"),
        ([[]], "16 numbers, not 0"),
        ([[1.0] * 16, [1.0] * 15], "cannot be read"),
        ([[1.0] * 15], "16 numbers, not 15"),
        ([1.0] * 16, "list of vectors"),
        ([[[1.0] * 16]], "list of vectors"),
        ([["a"] * 16], "list of numbers"),
        ([[None] * 16], "list of numbers"),
        ([[True] * 16], "list of numbers"),
        ([[0.0] * 16], "no direction"),
        ([[1e308] * 16], "too large"),
        ("AAAA", "3 bytes"),
        ("AAAAAA==", "16 numbers, not 1"),
        ("?", "base64"),
        (["AACAPw==", "?"], "cannot be read"),
        ("AADAfw==" * 4, "base64"),
    ],
)
def test_vectors_that_are_none(client, vectors, words):
    answer = client.post("/infer", json={"context_vectors": vectors})
    assert is_a_line(answer)
    assert words in answer.json()["detail"].lower()


def test_not_a_number_in_base64_is_refused(client):
    import base64

    rows = np.full((2, 16), np.nan, "<f4")
    body = {"context_vectors": base64.b64encode(rows.tobytes()).decode()}
    answer = client.post("/infer", json=body)
    assert is_a_line(answer)
    assert "NaN" in answer.json()["detail"]


CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


def test_the_document_says_what_is_answered(client):
    """Requests made from the OpenAPI document, right and wrong ones."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert {operation.path for operation in operations} > set(POSTS)
    for operation in operations:

        @settings(QUICK, max_examples=6)
        @given(case=operation.as_strategy())
        def check(case):
            case.call_and_validate(checks=list(CHECKS))

        check()


@pytest.mark.parametrize("path", POSTS)
def test_the_examples_can_be_sent_as_they_are(client, path):
    operation = client.get("/openapi.json").json()["paths"][path]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        assert client.post(path, json=example["value"]).status_code == 200
