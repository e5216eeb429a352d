"""The batch fields that core declares as a plugin does."""

from lvmctl.registry.specs import BatchFieldSpec

FIELDS = tuple(
    BatchFieldSpec(name=name, shape=shape, summary=summary, target=f"lvmctl.data.fields:{name}")
    for name, shape, summary in (
        (
            "sentences",
            "(B, K, 2, P, D)",
            "First and last P sentences of each chunk of the window, in the order of the text.",
        ),
        (
            "sentence_mask",
            "(B, K, 2, P)",
            "Which of the sentences there are: a chunk may have fewer than P.",
        ),
        ("target_sentences", "(B, 2, P, D)", "First and last P sentences of the target."),
        ("target_sentence_mask", "(B, 2, P)", "Which of the target's sentences there are."),
    )
)
