"""Distributions as their authors would publish them: wheels, installed by pip."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Distribution:
    """A pure Python distribution.

    Attributes:
        name: its name, such as ``lvmctl-x``.
        files: text by path.
        plugins: modules by entry-point name.
        version: its version.
        requires: its dependencies.
    """

    name: str
    files: Mapping[str, str]
    plugins: Mapping[str, str] = field(default_factory=dict)
    version: str = "1.0"
    requires: tuple[str, ...] = ("lvmctl",)

    @property
    def stem(self) -> str:
        """Name and version as files carry them."""
        return f"{self.name.replace('-', '_')}-{self.version}"

    def wheel(self, folder: Path) -> Path:
        """Write the wheel, with metadata, entry points and hashes, into ``folder``."""
        info = f"{self.stem}.dist-info"
        points = [f"{name} = {module}" for name, module in self.plugins.items()]
        metadata = [
            "Metadata-Version: 2.1",
            f"Name: {self.name}",
            f"Version: {self.version}",
            *(f"Requires-Dist: {each}" for each in self.requires),
        ]
        tags = ["Wheel-Version: 1.0", "Generator: tests", "Root-Is-Purelib: true"]
        content = {
            **self.files,
            f"{info}/METADATA": lines(metadata),
            f"{info}/WHEEL": lines([*tags, "Tag: py3-none-any"]),
            f"{info}/entry_points.txt": lines(["[lvmctl]", *points]),
        }
        rows = [f"{path},{digest(text)},{len(text.encode())}" for path, text in content.items()]
        content[f"{info}/RECORD"] = lines([*rows, f"{info}/RECORD,,"])
        path = folder / f"{self.stem}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in content.items():
                archive.writestr(name, text)
        return path


def lines(texts: list[str]) -> str:
    return "".join(f"{text}\n" for text in texts)


def digest(text: str) -> str:
    """As a wheel's RECORD has it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def forget() -> None:
    """Forget what was imported of such distributions: packages whose names end in ``_pkg``."""
    for name in [name for name in sys.modules if name.partition(".")[0].endswith("_pkg")]:
        del sys.modules[name]


def install(site: Path, *distributions: Distribution) -> Path:
    """Have pip install wheels into ``site``; an older version there is replaced."""
    folder = site.parent / f"{site.name}-wheels"
    folder.mkdir(exist_ok=True)
    wheels = [distribution.wheel(folder) for distribution in distributions]
    words = ["install", "--quiet", "--no-index", "--no-deps", "--upgrade", "--target", site]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, *wheels]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    return site


def unpack(site: Path, *distributions: Distribution) -> Path:
    """Put wheels into ``site`` as pip does with pure Python, in a tenth of its time."""
    for distribution in distributions:
        with zipfile.ZipFile(distribution.wheel(site.parent)) as archive:
            archive.extractall(site)
    return site
