"""How well a chunk continues another, as a small encoder sees it that was fine-tuned to tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from lvmctl_ranker.fitting import FOLDS, REPEATED, fold_of, repeated
from torch import Tensor, nn

from lvmctl import Chunks
from lvmctl_reader import minilm
from lvmctl_reader.bert import BertShape, Words
from lvmctl_reader.matcher import Article, Matcher, in_bfloat16, train
from lvmctl_reader.overlaps import SMALL
from lvmctl_reader.work import Work

if TYPE_CHECKING:
    from lvmctl import Windows

TOKENS = 64
"""Tokens of an end of a chunk, the two that frame it included."""

KINDS = ("follows", "precedes")
"""Cosine of the end of a chunk with the beginning of another, and of its beginning with the other's
end, both less the mean of all chunks of a set: what they have in common tells none apart."""

HALVES = WHOLE = 2

MOST = 20_000
"""Chunks of a half of the articles that are learned from, so many that time is bounded."""

ALIKE = 1e-3
"""Distance from the mean of unit vectors below which it is rounding, as they are kept in half
precision."""

KEPT = 100_000
"""Chunks whose ends are kept in memory, 1.7 kB each."""

TOGETHER = 1_024
"""Chunks that are read at a time."""

M = TypeVar("M", bound=nn.Module)


class Continuation(nn.Module):
    """An encoder of the ends of chunks, fine-tuned on each half of the training articles.

    An article of one half is read by the encoder of the other half, other text by the mean of both
    encoders' weights. So one pass over the articles gives all that is needed, and none is read by
    an encoder that has seen it.

    Attributes:
        vocabulary: uint8, the tokeniser as JSON.
        words: vectors of single tokens, which are not trained.
        halves: the encoders. They and ``words`` are buffers, matrices in bfloat16.
    """

    vocabulary: Tensor

    def __init__(self, shape: BertShape | None = None) -> None:
        super().__init__()
        self.shape = shape or BertShape()
        self.register_buffer("vocabulary", torch.zeros(0, dtype=torch.uint8))
        self.words = as_buffers(Words(self.shape))
        self.halves = nn.ModuleList(as_buffers(Matcher(self.shape)) for _ in range(HALVES))
        self.memory = Memory()
        self.register_load_state_dict_pre_hook(with_size_of_vocabulary)
        self.register_load_state_dict_post_hook(lambda module, _: module.memory.forget())

    def fit(self, windows: Windows, work: Work) -> None:
        """Fine-tune the encoders on the training articles.

        Where more than a few chunks stand in several articles, so that halves are not apart, the
        encoders stay as they were published.
        """
        split, numbers = windows.split, np.unique(windows.article)
        if repeated(windows, numbers) > REPEATED:
            numbers = numbers[:0]
        numbers = numbers[torch.randperm(len(numbers)).numpy()]
        rows = (split.starts[number] + np.arange(split.lengths[number]) for number in numbers)
        folds = fold_of(numbers).tolist()
        self.learn(zip(folds, map(windows.texts, rows)), windows.context_length, work)

    def learn(self, articles: Iterable[tuple[int, list[str]]], k: int, work: Work) -> None:
        """Fine-tune the encoders on articles: their folds, and the texts of their chunks.

        Args:
            k: chunks in a window.

        Raises:
            UsageError: the package of the encoder, or a library, is not installed.
        """
        device = self.vocabulary.device
        words, layers = minilm.tensors(self.shape)
        saved = torch.frombuffer(bytearray(minilm.vocabulary()), dtype=torch.uint8)
        self.vocabulary = saved.to(device)
        self.words.load_state_dict(words)
        self.memory.forget()
        halves: list[list[Article]] = [[] for _ in range(HALVES)]
        for fold, texts in articles:
            half = halves[half_of(fold)]
            if sum(map(len, half)) + len(texts) <= MOST:
                half.append(self.tokens(texts))
        matchers = [Matcher(self.shape).to(device) for _ in halves]
        for matcher in matchers:
            matcher.layers.load_state_dict(layers)
        total = sum(len(article) for half in halves for article in half)
        done = sum(state["chunks"] for state in work.states.values())
        with work.progress("fine-tuning", "chunks", total, done) as advance:
            for number, (half, matcher) in enumerate(zip(halves, matchers)):
                seed, begun = int(torch.randint(2**31, ())), work.states.get(number)
                train(self.words, matcher, half, k, seed, advance, work.keep(number), begun)
                self.halves[number].load_state_dict(matcher.state_dict())

    def ends(self, chunks: Chunks, fold: int) -> tuple[Tensor, Tensor]:
        """Unit vectors (n, width) float32 of the ends of chunks (n,), and of their beginnings.

        Args:
            fold: of the training articles that they are from; ``FOLDS`` for other text.
        """
        which = WHOLE if fold == FOLDS else 1 - half_of(fold)
        rows, known = chunks.rows.cpu().numpy(), self.memory.of(chunks.source, which)
        new = [row for row in dict.fromkeys(rows.tolist()) if row not in known]
        first = {row: index for index, row in enumerate(rows.tolist())}
        for low in range(0, len(new), TOGETHER):
            some = new[low : low + TOGETHER]
            texts = chunks[torch.tensor([first[row] for row in some])].texts()
            known.update(zip(some, self.read(texts, which)))
        both = torch.from_numpy(np.stack([known[row] for row in rows.tolist()])).float()
        return both[:, 0], both[:, 1]

    def overlaps(self, parts: Sequence[Chunks], order: np.ndarray, fold: int) -> dict[str, Follows]:
        """How well chunks of several sources continue each other, forward and backward.

        Args:
            order: (n,) which of all their chunks, one part after the other, stands where.
        """
        each = zip(*(self.ends(chunks, fold) for chunks in parts))
        tails, heads = (centred(torch.cat(ends)[order]) for ends in each)
        return dict(zip(KINDS, (Follows(tails, heads), Follows(heads, tails))))

    @torch.no_grad()
    def read(self, texts: Sequence[str], which: int) -> np.ndarray:
        """(n, 2, width) float16, the ends and the beginnings of texts, by one of the encoders."""
        if which not in self.memory.encoders:
            self.memory.encoders[which] = self.encoder(which)
        with in_bfloat16(self.vocabulary.device):
            both = self.memory.encoders[which].ends(self.words, self.tokens(texts))
        return torch.stack(both, dim=1).half().cpu().numpy()

    def encoder(self, which: int) -> Matcher:
        """One of the two encoders, or the mean of their weights."""
        used = self.halves if which == WHOLE else [self.halves[which]]
        states = [each.state_dict() for each in used]
        mean = {
            name: sum(state[name].float() for state in states) / len(states) for name in states[0]
        }
        matcher = Matcher(self.shape).to(self.vocabulary.device)
        matcher.load_state_dict(mean)
        return matcher.eval()

    def tokens(self, texts: Sequence[str]) -> Article:
        """The last and the first tokens of texts, framed."""
        if self.memory.tokenizer is None:
            self.memory.tokenizer = minilm.tokenizer(bytes(self.vocabulary.cpu().numpy()))
        tokenizer = self.memory.tokenizer
        begin, end = (tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))
        size, pieces = TOKENS - 2, tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [
            ((begin, *each.ids[-size:], end), (begin, *each.ids[:size], end)) for each in pieces
        ]


def centred(x: Tensor) -> Tensor:
    """Vectors (n, width) less their mean, of unit norm; zero where they are all the same."""
    gap = x - x.mean(dim=0)
    return gap / gap.norm(dim=-1, keepdim=True).clamp_min(ALIKE)


class Follows:
    """(n, n), [p, c] = left_p·right_c of unit vectors (n, width), as an
    :class:`~lvmctl_reader.overlaps.Overlap`."""

    def __init__(self, left: Tensor, right: Tensor) -> None:
        self.left, self.right = left, right
        self.held = left @ right.T if len(left) <= SMALL else None

    def rows(self, p: Tensor) -> Tensor:
        """(P, n) of chunks ``p`` (P,)."""
        return self.left[p] @ self.right.T if self.held is None else self.held[p]


class Memory:
    """What was worked out of a state: encoders, and what they made of chunks; a copy is empty."""

    def __init__(self) -> None:
        self.forget()

    def __deepcopy__(self, memo: dict) -> Memory:
        return Memory()

    def __reduce__(self) -> tuple:
        return Memory, ()

    def forget(self) -> None:
        """Begin anew."""
        self.tokenizer: Any = None
        self.encoders: dict[int, Matcher] = {}
        self.chunks: dict[tuple[int, int], tuple[Any, dict[int, np.ndarray]]] = {}

    def of(self, source: Any, which: int) -> dict[int, np.ndarray]:
        """What an encoder made of the chunks of a source, by their rows."""
        if sum(len(known) for _, known in self.chunks.values()) > KEPT:
            self.chunks.clear()
        # The source is held, so that no other object has its id.
        return self.chunks.setdefault((id(source), which), (source, {}))[1]


def half_of(fold: int) -> int:
    """Which half of the articles a fold is in."""
    return fold % HALVES


def as_buffers(module: M) -> M:
    """A module whose parameters are buffers, matrices in bfloat16."""
    for each in module.modules():
        for name, value in list(each.named_parameters(recurse=False)):
            delattr(each, name)
            data = value.data if value.dim() == 1 else value.data.bfloat16()
            each.register_buffer(name, data)
    return module


def with_size_of_vocabulary(
    module: Continuation, state: dict[str, Tensor], prefix: str, *_: object
) -> None:
    """Make room for the tokeniser of a state."""
    if (saved := state.get(f"{prefix}vocabulary")) is not None:
        module.vocabulary = torch.zeros_like(saved, device=module.vocabulary.device)
