"""Files that people write by hand and pages read as they are: the build finds slips, and no page fails for one."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard import editorial as pages_files
from dashboard import frame, operator, overview, queries, selection
from etl import editorial
from etl.catalogue import load_catalogue
from etl.errors import UserError
from etl.paths import Paths
from tests.conftest import copy_inputs
from tests.test_pages import open_page


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return copy_inputs(tmp_path_factory.mktemp("editorial") / "data")


@pytest.fixture
def spoil(inputs: Paths) -> Iterator[Callable[[str, str, str], None]]:
    """Replaces the first `old` in a file of the data folder; put back after the test."""
    before: dict[Path, str] = {}

    def change(name: str, old: str, new: str) -> None:
        path = inputs.data / name
        before[path] = path.read_text(encoding="utf-8")
        assert old in before[path]
        path.write_text(before[path].replace(old, new, 1), encoding="utf-8")

    yield change
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("operator.toml", "office = ", "office = 司法厅 #", "operator.toml 第2行第10列附近写法有误"),
        ("operator.toml", "office", "ofice", "operator.toml：不认识“ofice”"),
        ("operator.toml", "contact = ", "contact = 4712 #", "“contact”应为文字"),
        (
            "catalogue/cards.csv",
            "full_online_rate",
            "full_online_rat",
            "cards.csv 第2行：没有这个指标“full_online_rat”",
        ),
        ("catalogue/cards.csv", "business_entities_new", "full_online_rate", "cards.csv 第4行：重复的指标"),
        ("catalogue/cards.csv", "full_online_rate", "full_online_rate,1", "cards.csv 第2行的列数与表头不符"),
        ("catalogue/attention.toml", "most = 7", "most = ", "attention.toml 第"),
        ("catalogue/attention.toml", "most = 7", "most = 0", "most 应为正整数"),
        ("catalogue/attention.toml", 'page = "compare"', 'page = "comparison"', "没有“comparison”这个页面"),
        ("catalogue/attention.toml", "limit = 2", 'limit = "2"', "attention.toml［below_target］limit 的类型不对"),
        ("catalogue/attention.toml", "weight = 100\n", "", "attention.toml［below_target］缺少 weight"),
        ("catalogue/attention.toml", "{period}", "{period", "花括号不成对"),
        ("catalogue/plan_2024.csv", "\n1,1,", "\n1,99,", "plan_2024.csv 第2行：没有第99章"),
        (
            "catalogue/plan_2024.csv",
            "|admin_powers_transferred",
            "|admin_power",
            "plan_2024.csv 第2行：没有这个指标“admin_power”",
        ),
        ("catalogue/plan_2024.csv", ",2024,admin", ",年底,admin", "时限“年底”"),
        ("catalogue/plan_2024.csv", ",plan-2024\n", "\n", "plan_2024.csv 第2行的列数与表头不符"),
        (
            "catalogue/sources.csv",
            "随附文本无标题落款；标题据计划引文；未取得官方网址",
            "",
            "须在说明（note）中写明原因",
        ),
    ],
)
def test_a_slip_stops_the_build_with_file_and_place(
    inputs: Paths, spoil: Callable[[str, str, str], None], name: str, old: str, new: str, said: str
) -> None:
    spoil(name, old, new)
    with pytest.raises(UserError) as told:
        load_catalogue(inputs.catalogue)
    assert said in str(told.value)


def test_operator_toml_may_be_missing(inputs: Paths, tmp_path: Path) -> None:
    assert editorial.operator_faults(tmp_path / "operator.toml") == []
    assert editorial.operator_faults(inputs.data / "operator.toml") == []


def test_the_build_knows_what_may_stand_in_operator_toml() -> None:
    assert set(editorial.OPERATOR_KEYS) == set(operator.DEFAULTS)


@pytest.mark.parametrize("content", ["office = 司法厅", "office = 1\nmap_approval = 2", "\x00"])
def test_no_page_fails_for_a_slip_in_operator_toml(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    (tmp_path / "operator.toml").write_text(content, encoding="utf-8")
    operator.operator.clear()
    with caplog.at_level(logging.ERROR):
        assert operator.operator() == operator.DEFAULTS
    operator.operator.clear()
    assert ("operator.toml 无法读取" in caplog.text) == ("office = 1" not in content)


def test_a_file_of_the_first_page_that_cannot_be_read_is_told_instead_of_an_error(
    warehouse: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cards.csv").write_text('indicator_id\n"full\n', encoding="utf-8")
    monkeypatch.setattr(pages_files, "_folder_file", lambda name: str(tmp_path / name))
    with pytest.raises(queries.WarehouseError, match=r"attention\.toml 无法读取"):
        pages_files.attention_rules()
    app = open_page("overview")
    assert not app.exception
    assert any("无法读取" in error.value for error in app.error)


def test_what_is_written_into_a_file_of_the_first_page_shows_at_once(
    warehouse: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    catalogue = Path(pages_files._folder_file(""))
    for name in (pages_files.CARDS, pages_files.ATTENTION, pages_files.PLAN):
        (tmp_path / name).write_text((catalogue / name).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(pages_files, "_folder_file", lambda name: str(tmp_path / name))
    before, rules = shown(), (tmp_path / "attention.toml").read_text(encoding="utf-8")
    assert len(before.links) > 1
    (tmp_path / "attention.toml").write_text(rules.replace("most = 7", "most = 1"), encoding="utf-8")
    after = shown()
    assert after.links == before.links[:1]
    assert after.chapters == before.chapters
    assert shown() is after


def shown() -> overview.Board:
    with selection.reading({}):
        return overview.board_of(frame.reader_at(queries.current_release()))
