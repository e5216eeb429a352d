"""The batch fields that core declares as a plugin does."""

from lvmctl.registry.specs import BatchFieldSpec

HOME = "lvmctl.data.fields"

FIELDS = (
    BatchFieldSpec(
        name="sentences",
        summary="First and last P sentences of each chunk of the window, in the order of the text.",
        shape="(B, K, 2, P, D)",
        target=f"{HOME}:sentences",
    ),
    BatchFieldSpec(
        name="sentence_mask",
        summary="Which of the sentences there are: a chunk may have fewer than P.",
        shape="(B, K, 2, P)",
        target=f"{HOME}:sentence_mask",
    ),
    BatchFieldSpec(
        name="target_sentences",
        summary="First and last P sentences of the target.",
        shape="(B, 2, P, D)",
        target=f"{HOME}:target_sentences",
    ),
    BatchFieldSpec(
        name="target_sentence_mask",
        summary="Which of the target's sentences there are.",
        shape="(B, 2, P)",
        target=f"{HOME}:target_sentence_mask",
    ),
)
