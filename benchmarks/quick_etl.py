"""The quick ETL of tests/quick.py with everything imported and read beforehand: a fork server of it starts at once."""

import os
import sys
from pathlib import Path

from etl.catalogue import load_catalogue
from etl.paths import ROOT
from tests import quick

quick.read_boundaries(ROOT / "data" / "boundaries", load_catalogue(ROOT / "data" / "catalogue").regions)


def run(arguments: list[str], data: Path, said: Path) -> None:
    """Runs a command of the ETL over a data folder, in this process, which it ends; what is said goes to a file."""
    quick.shorten()
    os.environ["DASHBOARD_DATA_DIR"] = str(data)
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, sys.stdout.fileno())
    os.dup2(file, sys.stderr.fileno())
    sys.exit(quick.main(arguments))
