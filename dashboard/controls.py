"""The sidebar: dataset, indicator, breakdown, period, level, region. It shows the choice and changes the address."""

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import selection
from dashboard.frame import Reader
from dashboard.theme import DATASET_NAMES, LATEST, LEVEL_NAMES, format_period


def sidebar(reader: Reader, names: Sequence[str]) -> None:
    """Draws the controls of the parameters `names` in the sidebar, and the way back to the defaults."""
    with st.sidebar:
        for name in names:
            CONTROLS[name](reader)
        st.button("恢复默认", icon=":material/restart_alt:", on_click=_reset, width="stretch")


def _reset() -> None:
    """Back to what an empty address shows."""
    st.query_params.clear()
    st.session_state.pop("address", None)
    st.session_state["find_indicator"] = ""


def _choose(reader: Reader, name: str) -> None:
    """Writes the widget of the parameter `name` into the address; an emptied widget changes nothing."""
    value = st.session_state[f"choose_{name}"]
    if value is not None:
        reader.change(**{name: value})


def _select(
    reader: Reader, name: str, label: str, options: list[str], text: Callable[[str], str], help: str | None = None
) -> None:
    """A selectbox that always shows the choice in the address."""
    st.session_state[f"choose_{name}"] = getattr(reader.selection, name)
    st.selectbox(
        label,
        options,
        format_func=text,
        key=f"choose_{name}",
        on_change=_choose,
        args=(reader, name),
        help=help,
        placeholder="请选择",
    )


def _dataset(reader: Reader) -> None:
    names = reader.choices.datasets
    if len(names) < 2:
        return
    _select(reader, "dataset", "数据集", names, lambda name: DATASET_NAMES.get(name, name))


def _indicator(reader: Reader) -> None:
    dataset, chosen, indicators = reader.selection.dataset, reader.selection.indicator, reader.choices.indicators
    words = st.text_input(
        "查找指标",
        key="find_indicator",
        placeholder="名称、拼音首字母或英文",
        help="例如：出庭、ctys、court",
        on_change=_find,
        args=(reader,),
    )
    found = selection.matches(indicators, words or "")
    with_figures = [i for i in found.index if (dataset, i) in reader.choices.covered]
    without = [i for i in found.index if (dataset, i) not in reader.choices.covered]
    options = [*with_figures, *without]
    if words:
        st.caption(f"找到{len(options)}项指标" if options else "没有找到，请换个说法")
    if chosen not in options:
        options.append(chosen)
    names = reader.choices.indicator_names
    missing = set(without) | ({chosen} if (dataset, chosen) not in reader.choices.covered else set())
    _select(
        reader,
        "indicator",
        "指标",
        options,
        lambda i: names[i] + ("（无数）" if i in missing else ""),
    )


def _find(reader: Reader) -> None:
    """One match is what the reader meant: it becomes the choice at once."""
    words = st.session_state["find_indicator"]
    found = selection.matches(reader.choices.indicators, words or "").index
    if words and len(found) == 1:
        reader.change(indicator=found[0])
        st.session_state["find_indicator"] = ""


def _breakdown(reader: Reader) -> None:
    options = reader.choices.breakdowns(reader.selection.dataset, reader.selection.indicator)
    if options in ([], [""]):
        return
    _select(
        reader,
        "breakdown",
        "分项",
        options,
        lambda name: name or "合计（原文总数）",
        help="分项可能相互重叠，不能相加。",
    )


def _period(reader: Reader) -> None:
    chosen = reader.selection
    covered = reader.choices.of(chosen.dataset, chosen.indicator, chosen.breakdown)
    counts = covered.regions.get(chosen.level, {})

    def text(period: str) -> str:
        return f"{format_period(period)} · {counts.get(period, 0)}地有数据"

    _select(
        reader,
        "period",
        "期间",
        [LATEST, *covered.periods],
        text,
        help=f"括注的是有数据的{LEVEL_NAMES[chosen.level]}数。“各地最新值”取每个地区最近公布的一期，期间可能不同，不作排名。",
    )


def _level(reader: Reader) -> None:
    st.session_state["choose_level"] = reader.selection.level
    st.segmented_control(
        "地图层级",
        list(selection.LEVELS),
        format_func=lambda level: LEVEL_NAMES[level],
        key="choose_level",
        on_change=_choose,
        args=(reader, "level"),
        width="stretch",
    )


def _region(reader: Reader) -> None:
    words = reader.choices.region_words
    _select(reader, "region", "地区", list(words), words.__getitem__, help="也可以在地图上点选。")


CONTROLS: dict[str, Callable[[Reader], None]] = {
    "dataset": _dataset,
    "indicator": _indicator,
    "breakdown": _breakdown,
    "period": _period,
    "level": _level,
    "region": _region,
}
