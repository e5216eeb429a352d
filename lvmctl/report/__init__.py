"""The report: one page about one run or several, with every figure beside its rivals.

Its plots need matplotlib, which comes with the extra ``report``.
"""

import logging

from lvmctl.core.errors import UsageError

# It warns of a cache directory that cannot be written, and while it lists fonts.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
try:
    import matplotlib  # noqa: F401  # before any module here draws with it
except ImportError as error:
    raise UsageError(
        f"the report's plots need matplotlib ({error})", hint="pip install 'lvmctl[report]'"
    ) from error
