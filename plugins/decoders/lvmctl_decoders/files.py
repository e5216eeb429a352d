"""Files of a model in a folder or on the hub: its configuration, tokenizer and weights."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from lvmctl import DataError, read_json

SAFE = "model.safetensors"
HINT = "check its name and the network, or give the path of a downloaded model"


def model_file(model: str, name: str) -> Path:
    """The path of a file of a model; one of the hub is downloaded once.

    Raises:
        DataError: there is no such model or file.
    """
    cached_file = import_module("transformers.utils").cached_file
    try:
        return Path(cached_file(model, name))
    except (OSError, ValueError) as error:
        raise unreadable(model, error) from error


def read_config(model: str) -> dict[str, Any]:
    """The ``config.json`` of a model."""
    path = model_file(model, "config.json")
    config = read_json(path, DataError, HINT)
    if not isinstance(config, dict):
        raise DataError("is no configuration of a model", where=path, hint=HINT)
    return config


def read_weights(model: str) -> dict[str, Tensor]:
    """The tensors of a model by name. Only safetensors are read, never a pickle."""
    load_file = import_module("safetensors.torch").load_file
    path = model_file(model, SAFE)
    try:
        return dict(load_file(path))
    except Exception as error:  # the library has errors of its own
        raise unreadable(model, error) from error


def pretrained(kind: str, model: str) -> Any:
    """What ``transformers.KIND.from_pretrained`` reads of a model, such as ``AutoTokenizer``."""
    try:
        return getattr(import_module("transformers"), kind).from_pretrained(model)
    except (OSError, ValueError) as error:
        raise unreadable(model, error) from error


def unreadable(model: str, error: Exception) -> DataError:
    """The error of a model that cannot be read."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return DataError(f"the model cannot be loaded ({reason})", where=model, hint=HINT)


def fill(module: nn.Module, weights: dict[str, Tensor], prefix: str, model: str) -> None:
    """Give a module the tensors whose names begin with ``prefix``; those that it ties to another
    may be missing.

    Raises:
        DataError: one is missing, or has another shape.
    """
    own = {name[len(prefix) :]: t for name, t in weights.items() if name.startswith(prefix)}
    try:
        missing = module.load_state_dict(own, strict=False).missing_keys
    except RuntimeError as error:
        raise unreadable(model, error) from error
    state = module.state_dict(keep_vars=True)
    loaded = {id(tensor) for name, tensor in state.items() if name not in missing}
    lacking = [name for name in missing if id(state[name]) not in loaded]
    if lacking:
        what = f"lacks the weights {prefix}{lacking[0]}"
        hint = "give a model that vec2text has saved"
        raise DataError(what, where=model, hint=hint)
