"""What requests hold and what answers hold. Names and meanings are in docs/serve.md."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lvmctl_serve.vectors import Format, Vectors

LONGEST_TEXT = 100_000
"""Characters of a text."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")]
Texts = Annotated[list[Text], Field(min_length=1)]
Vector = list[float] | str
"""A vector of an answer: numbers, or base64 of little-endian float32."""


class Body(BaseModel):
    """A request. Fields it does not know are left alone, as clients of other services send them."""

    model_config = ConfigDict(arbitrary_types_allowed=True)


class OfModel(Body):
    """A request to one of the runs."""

    model: str | None = Field(
        None, description="Name of a run; without it, the first that is served."
    )


class InferRequest(OfModel):
    context_vectors: Vectors
    temperature: float = Field(1.0, ge=0, le=2, description="Above 1, noise is added.")
    normalize: bool = Field(True, description="False gives the vector before it is normalised.")
    encoding_format: Format = "float"


class InferAnswer(BaseModel):
    predicted_vector: Vector
    confidence: float | None
    latency_ms: float
    model_type: str
    device: str


class ChatRequest(OfModel):
    messages: Texts | None = Field(None, description="What was said so far, oldest first.")
    paragraph: Text | None = Field(None, description="A text to be cut, in place of messages.")
    temperature: float = Field(1.0, ge=0, le=2, description="Above 1, noise is added.")
    decode_steps: int = Field(1, ge=1, le=50, description="Steps of a decoder that has steps.")
    auto_chunk: bool = Field(True, description="Cut a message that is alone.")
    chunk_mode: Literal["adaptive", "fixed", "sentence", "off"] = "adaptive"


class ChatAnswer(BaseModel):
    response: str
    confidence: float | None
    latency_breakdown: dict[str, float]
    total_latency_ms: float
    chunks_used: int
    chunking_applied: bool
    input_chunks: int
    ctx_fill_mode: str


class EncodeRequest(OfModel):
    texts: Texts
    encoding_format: Format = "float"


class EncodeAnswer(BaseModel):
    embeddings: list[Vector]
    shape: list[int]


class DecodeRequest(OfModel):
    vectors: Vectors
    subscriber: str = Field("nearest", max_length=100, description="Given back as it came.")
    steps: int = Field(1, ge=1, le=50, description="Steps of a decoder that has steps.")
    original_texts: list[str] | None = Field(None, description="Not needed, and not used.")


class DecodeAnswer(BaseModel):
    results: list[str]
    subscriber: str
    steps: int
    decoder: str
    cosines: list[float | None] | None


class HealthAnswer(BaseModel):
    status: Literal["healthy", "degraded"]
    model_type: str
    model_loaded: bool
    device: str
    encoder_url: str | None
    decoder_url: str | None
    pipeline: str
    max_decode_steps: int
    slo_compliant: bool
    slo_violations: list[str]


class InfoAnswer(BaseModel):
    model_type: str
    model_path: str
    device: str
    context_length: int
    vector_dim: int
    hidden_dim: int | None
    parameters: int
    parameters_trainable: int
    memory_mb: float
    max_decode_steps: int
    models: list[str]
    encoder: str | None
    decoder: str | None
    store: str | None
    confidence_windows: int | None
    index: str = Field(description="How the whole store is searched: exact, or a library.")
    index_recall: float | None = Field(
        description="Share of the 10 nearest chunks that the library finds."
    )


class MetricsAnswer(BaseModel):
    slo_metrics: dict[str, float | None]
    slo_targets: dict[str, float]
    compliance: dict[str, Any]
    cache: dict[str, float]
    circuit_breaker: dict[str, Any]
    version_ids: dict[str, str | None]


class RankRequest(OfModel):
    context: Texts | None = Field(None, description="Texts read so far, oldest first.")
    context_vectors: Vectors | None = None
    candidates: Texts | None = Field(None, description="Texts that might come next.")
    candidate_vectors: Vectors | None = None
    ids: list[str] | None = Field(None, description="Names of the candidates.")
    article: str | None = Field(None, description="Only the store's chunks of this article.")
    top: int = Field(10, ge=1, le=1000)


class Ranked(BaseModel):
    index: int
    id: str
    text: str | None
    score: float


class RankAnswer(BaseModel):
    results: list[Ranked]
    candidates: int
    model: str
    latency_ms: float


class EmbeddingsRequest(Body):
    input: Text | Texts
    model: str = Field(description="Name of a run, or of its encoder.")
    encoding_format: Format = "float"
    dimensions: int | None = Field(None, description="Must be the encoder's own.")


class Embedding(BaseModel):
    object: Literal["embedding"]
    index: int
    embedding: Vector


class EmbeddingsAnswer(BaseModel):
    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: dict[str, int]


class ModelEntry(BaseModel):
    id: str
    object: Literal["model"]
    owned_by: str


class ModelsAnswer(BaseModel):
    object: Literal["list"]
    data: list[ModelEntry]


class Problem(BaseModel):
    """What every request is answered that cannot be done: one line."""

    detail: str
