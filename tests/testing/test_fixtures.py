"""The fixtures that plugins use ask for nothing but pytest."""

from __future__ import annotations

import subprocess
import sys


def test_the_fixtures_load_without_hypothesis(cli_env):
    code = "import sys; sys.modules['hypothesis'] = None; import lvmctl.testing.fixtures"
    result = subprocess.run(
        [sys.executable, "-c", code], env=cli_env, capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
