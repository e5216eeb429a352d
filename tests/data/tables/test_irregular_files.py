import os

import pytest

from lvmctl.core.errors import DataError
from lvmctl.data.tables.open import SUFFIXES, open_tables


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("suffix", [*SUFFIXES, ".npy"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, suffix):
    path = tmp_path / f"vectors{suffix}"
    os.mkfifo(path)
    with pytest.raises(DataError, match="a pipe or a device"):
        open_tables(path)
