"""`python -m dashboard.briefs`."""

import logging
import sys

logging.disable(
    logging.WARNING
)  # before Streamlit comes in: its caches say at once, and often, that there is no server

from dashboard.briefs.commands import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
