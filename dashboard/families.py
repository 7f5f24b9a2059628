"""Charts by name and parameters, without a page: for other systems and documents.

The parameters are those of the address bar, and the chart is the one that the page draws for them, in light colours.
"""

from collections.abc import Callable, Mapping
from functools import partial

from dashboard import compare, course, frame, mapping, profile, queries, selection, trends
from dashboard.charts import Chart
from dashboard.compare import VIEW_NAMES, NothingToCompareError
from dashboard.frame import Reader
from dashboard.queries import Release
from dashboard.theme import format_period


class NotDrawableError(Exception):
    """There is nothing to draw for these parameters; the message says in Chinese why."""


def _map(reader: Reader) -> Chart:
    asked = mapping.question(reader)
    wanted, _ = selection.own("map", list(mapping.VIEWS))
    if wanted in asked.why_not:
        raise NotDrawableError(f"{mapping.VIEWS[wanted]}：{asked.why_not[wanted]}")
    return mapping.chart(asked)


def _comparison(view: str, reader: Reader) -> Chart:
    with selection.reading({**selection.address(), "view": view}):
        asked = compare.question(reader)
    try:
        return compare.drawing(asked)(asked)
    except NothingToCompareError as error:
        raise NotDrawableError(str(error)) from None


def _trends(reader: Reader) -> Chart:
    found = course.course(reader)
    if not found.mine:
        place = reader.choices.regions["name"][reader.selection.region]
        raise NotDrawableError(f"{place}没有公布{reader.indicator['name']}")
    wanted, notices = selection.own("projection", trends.PROJECTIONS)
    selection.tell(notices)
    return found.lines(reader, found.projection[0] if wanted == "on" else None)


def _leagues(reader: Reader) -> Chart:
    found = course.course(reader)
    if not found.leagues_have_figures:
        raise NotDrawableError(found.no_leagues)
    return found.panels(reader)


def _profile(reader: Reader) -> Chart:
    chosen = reader.selection
    figures = queries.figures_of_region(reader.release, chosen.dataset, chosen.region)
    period, notices = profile.asked_period(profile.annual_periods(figures))
    selection.tell(notices)
    offered = profile.peer_groups(reader)
    peers = offered[profile.asked_peers(offered)[0]]
    rows = profile.spine_of(reader, peers, period)
    if rows.empty:
        raise NotDrawableError(f"{format_period(period) if period else ''}{profile.NOT_ENOUGH}")
    return profile.spine_chart(rows, peers, period, "", reader)


FAMILIES: dict[str, Callable[[Reader], Chart]] = {
    "map": _map,
    **{view: partial(_comparison, view) for view in VIEW_NAMES},
    "trends": _trends,
    "leagues": _leagues,
    "profile": _profile,
}


def chart(family: str, parameters: Mapping[str, str], release: Release) -> Chart:
    """The chart of a family (a key of FAMILIES). Raises NotDrawableError, also for parameters that make no sense."""
    with selection.reading(parameters) as told:
        selection.tell(selection.current(selection.choices_of(release))[1])
        drawn = None if told else FAMILIES[family](frame.reader_at(release))
    if drawn is None or told:
        raise NotDrawableError("；".join(notice.partition("，已")[0] for notice in told))
    return drawn
