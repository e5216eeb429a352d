"""Fixtures of the tests of commands."""

from __future__ import annotations

import pytest
from cli import sweeps
from cli.typed import typing

from lvmctl.cli.main import run


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """``typed(*words)`` runs lvmctl in ``tmp_path``: exit code, stdout, stderr."""
    return typing(tmp_path, monkeypatch, capsys)


@pytest.fixture
def sweeping(tmp_path, monkeypatch, capsys):
    """As ``typed``, beside small experiments, with trials in forked processes."""
    return sweeps.typing(tmp_path, monkeypatch, capsys)


@pytest.fixture
def lvmctl(capsys, tmp_path, monkeypatch):
    """``lvmctl(*args, code=0)`` runs a command in an empty directory: (stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*args, code=0):
        assert run([str(arg) for arg in args]) == code, capsys.readouterr().err
        return capsys.readouterr()

    return call
