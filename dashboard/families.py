"""Charts by name and parameters, without a page: for other systems, documents and the big screen.

The parameters are those of the address bar, and the chart is the one that the page draws for them, in light colours.
"""

from collections.abc import Callable, Mapping

from dashboard import frame, mapping, selection
from dashboard.charts import Chart
from dashboard.frame import Reader
from dashboard.queries import Release


class NotDrawableError(Exception):
    """There is nothing to draw for these parameters; the message says in Chinese why."""


def _map(reader: Reader) -> Chart:
    return mapping.chart(mapping.question(reader))


FAMILIES: dict[str, Callable[[Reader], Chart]] = {"map": _map}


def chart(family: str, parameters: Mapping[str, str], release: Release) -> Chart:
    """The chart of a family (a key of FAMILIES). Raises NotDrawableError, also for parameters that make no sense."""
    with selection.reading(parameters):
        choices = selection.choices_of(release)
        notices = selection.current(choices)[1]
        if notices:
            raise NotDrawableError("；".join(notices))
        return FAMILIES[family](frame.reader_at(release))
