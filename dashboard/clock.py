"""What day it is for the readers, whatever the clock of the server shows, and how moments are written."""

from datetime import date, datetime, timedelta, timezone

import pandas as pd

BEIJING = timezone(timedelta(hours=8))


def today() -> date:
    """The day in Beijing."""
    return datetime.now(BEIJING).date()


def beijing(times: pd.Series) -> pd.Series:
    """UTC times as people in Beijing write them: 2026-01-15 09:30."""
    return (times + pd.Timedelta(hours=8)).dt.strftime("%Y-%m-%d %H:%M")
