"""Fixtures of the tests of commands."""

from __future__ import annotations

import pytest

from lvmctl.cli.main import run


@pytest.fixture
def lvmctl(capsys, tmp_path, monkeypatch):
    """``lvmctl(*args, code=0)`` runs a command in an empty directory: (stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*args, code=0):
        assert run([str(arg) for arg in args]) == code, capsys.readouterr().err
        return capsys.readouterr()

    return call
