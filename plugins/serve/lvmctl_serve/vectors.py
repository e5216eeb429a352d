"""Vectors as they are sent: lists of numbers, or base64 of little-endian float32."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import HTTPException
from pydantic import PlainValidator, WithJsonSchema

Format = Literal["float", "base64"]

SMALLEST = 1e-12
"""A vector of a smaller norm has no direction."""


def read(value: Any) -> np.ndarray:
    """Numbers as they were sent: (n, D) rows, or (n · D,) in one base64 text.

    Raises:
        ValueError: they are no such thing.
    """
    if isinstance(value, str):
        return read_base64(value)
    if not isinstance(value, list) or not value:
        raise ValueError("give a list of vectors, or base64 of float32")
    try:
        rows = [read_base64(row) if isinstance(row, str) else row for row in value]
        numbers = np.array(rows)
    except ValueError as error:
        raise ValueError(f"the vectors cannot be read ({error})"[:200]) from error
    if numbers.dtype.kind not in "fiu":
        raise ValueError("a vector is a list of numbers, or base64 of float32")
    if numbers.ndim != 2:
        raise ValueError("give a list of vectors, each a list of numbers of the same length")
    return numbers


def read_base64(text: str) -> np.ndarray:
    """(n,) float32 of a base64 text."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"it is not base64 ({error})") from error
    if len(data) % 4 or not data:
        raise ValueError(f"base64 of {len(data)} bytes is no float32")
    return np.frombuffer(data, "<f4")


Vectors = Annotated[
    np.ndarray,
    PlainValidator(read),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "array", "minItems": 1, "items": {"type": "number"}},
                },
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "contentEncoding": "base64", "minLength": 8},
                },
                {"type": "string", "contentEncoding": "base64", "minLength": 8},
            ],
            "description": "Rows of numbers; rows of base64; or all rows in one base64 text. "
            "Base64 is of little-endian float32.",
        }
    ),
]


def unit_rows(numbers: np.ndarray, dim: int, name: str, most: int) -> np.ndarray:
    """(n, D) float32 of unit norm.

    Args:
        numbers: what :func:`read` returned.
        dim: D.
        name: the field, for the message.
        most: rows there may be.

    Raises:
        HTTPException: 422, another D, too many rows, NaN, infinity or a vector of 0.
    """
    if numbers.ndim == 1 and numbers.size % dim == 0:
        numbers = numbers.reshape(-1, dim)
    if numbers.shape[-1] != dim or numbers.ndim != 2:
        raise HTTPException(422, f"{name}: a vector has {dim} numbers, not {numbers.shape[-1]}")
    if len(numbers) > most:
        raise HTTPException(422, f"{name}: {len(numbers)} vectors are more than {most}")
    rows = numbers.astype(np.float64)
    with np.errstate(over="ignore"):
        size = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(size).all():
        raise HTTPException(422, f"{name}: holds NaN, infinity or too large numbers")
    if size.min() < SMALLEST:
        raise HTTPException(422, f"{name}: a vector of 0 has no direction")
    return (rows / size).astype(np.float32)


def write(vectors: np.ndarray, encoding: Format) -> list[Any]:
    """(n, D) as lists of numbers, or as a base64 text each."""
    rows = np.asarray(vectors, "<f4")
    if encoding == "float":
        return rows.tolist()
    return [base64.b64encode(row.tobytes()).decode("ascii") for row in rows]
