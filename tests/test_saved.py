"""Recent and named selections."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import saved, state
from dashboard.state import SavedSelection
from etl.paths import Paths
from tests.test_pages import open_page

pytestmark = pytest.mark.usefixtures("own_state")


@pytest.fixture
def own_state(built: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The built release with a state of its own, so that tests do not see each other's names."""
    (tmp_path / "warehouse").symlink_to(built.warehouse)
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))


def with_panel(app: AppTest) -> AppTest:
    """The page with the popover 常用选择 opened."""
    app.session_state["saved"] = True
    return app.run()


def links(app: AppTest) -> list[tuple[str, str]]:
    return [(link.proto.label.replace("\\", ""), link.proto.query_string) for link in app.get("page_link")]


def test_a_view_is_kept_under_its_name_and_opens_again() -> None:
    app = with_panel(open_page("map", indicator="court_appearance_rate", region="150700"))
    app.text_input(key="selection_name").input("出庭应诉率·呼伦贝尔")
    next(button for button in app.button if button.label == "保存").click().run()
    assert state.saved_selections() == [
        SavedSelection("出庭应诉率·呼伦贝尔", "map", "indicator=court_appearance_rate&region=150700")
    ]
    assert ("出庭应诉率·呼伦贝尔", "indicator=court_appearance_rate&region=150700") in links(app)


def test_the_same_name_replaces_and_a_removed_one_is_gone() -> None:
    state.save_selection(SavedSelection("甲", "map", "period=2023"))
    state.save_selection(SavedSelection("甲", "data", ""))
    assert [saved.page for saved in state.saved_selections()] == ["data"]
    app = with_panel(open_page("overview"))
    app.button(key="forget_甲").click().run()
    assert state.saved_selections() == []


def test_a_name_without_letters_is_not_kept() -> None:
    app = with_panel(open_page("overview"))
    app.text_input(key="selection_name").input("   ")
    next(button for button in app.button if button.label == "保存").click().run()
    assert state.saved_selections() == []


def test_an_address_that_holds_more_than_choices_is_not_kept() -> None:
    app = with_panel(open_page("map", zzz="A" * saved.LONGEST_ADDRESS))
    app.text_input(key="selection_name").input("很长").run()
    next(button for button in app.button if button.label == "保存").click().run()
    assert "没有保存：地址太长" in app.toast[0].value
    assert state.saved_selections() == []
    assert app.text_input(key="selection_name").value == "很长", "to be saved once the address is shorter"


def test_there_is_room_for_so_many_names_and_old_ones_can_still_be_replaced_and_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "MOST_SELECTIONS", 3)
    for number in range(state.MOST_SELECTIONS):
        state.save_selection(SavedSelection(f"甲{number}", "map", ""))
    app = with_panel(open_page("help"))
    for name in ("新的", "甲0"):
        app.text_input(key="selection_name").input(name)
        next(button for button in app.button if button.label == "保存").click().run()
        if name == "新的":
            assert "没有保存：已命名的选择最多3个" in app.toast[0].value
    kept = {view.name: view.page for view in state.saved_selections()}
    assert len(kept) == state.MOST_SELECTIONS
    assert kept["甲0"] == "help"
    assert "新的" not in kept
    app.button(key="forget_甲0").click().run()
    assert len(state.saved_selections()) == state.MOST_SELECTIONS - 1
    state.save_selection(SavedSelection("新的", "map", ""))


def test_recent_views_are_offered_in_words_the_newest_first() -> None:
    app = open_page("map", indicator="court_appearance_rate")
    app.selectbox(key="choose_indicator").select("mediation_success_rate").run()
    app.selectbox(key="choose_indicator").select("legal_aid_cases").run()
    recent = [label for label, _ in links(with_panel(app))]
    assert recent[:2] == ["地图：调解成功率", "地图：行政机关负责人出庭应诉率"]


def test_periods_that_pass_by_while_the_map_plays_are_not_recent_views() -> None:
    app = open_page("map", dataset="demo", indicator="court_appearance_rate", period="2020")
    app.button(key="play").click().run()
    before = len(app.session_state["recent"])
    for period in ("2021", "2022", "2023"):  # what the clock does
        app.session_state["map_playing"] = period
        app.query_params["period"] = period
        app.run()
    assert len(app.session_state["recent"]) == before
    app.session_state["map_playing"] = None
    app.query_params["period"] = "2025"
    app.run()
    assert len(app.session_state["recent"]) == before + 1
