"""The documents name what there is."""

import re
from pathlib import Path

from etl.__main__ import parser

ROOT = Path(__file__).resolve().parent.parent


def test_every_module_has_its_place_in_the_structure() -> None:
    text = (ROOT / "docs" / "structure.md").read_text(encoding="utf-8")
    for folder in ("dashboard", "dashboard/briefs", "dashboard/charts", "etl"):
        for path in (ROOT / folder).glob("*.py"):
            if path.stem != "__init__" and (folder, path.stem) != ("dashboard/briefs", "__main__"):
                assert f"`{path.stem}`" in text, path


def test_the_readme_names_every_document_and_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "docs").glob("*.md"):
        assert f"docs/{path.name}" in text, path
    for title in (
        "总览",
        "地图",
        "对比",
        "趋势",
        "地区画像",
        "指标词典",
        "数据",
        "快照与简报",
        "数据质量",
        "数据导入",
        "使用说明",
    ):
        assert title in text, title


def test_the_help_and_the_readme_name_every_exit_code() -> None:
    (codes,) = re.findall(r"Exit codes: (.*?)\.\n", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    for text in (codes, parser().format_help().partition("退出码：")[2]):
        assert re.findall(r"\b\d+(?= )", text) == ["0", "1", "2", "3", "130"]
    assert "of several files the others are loaded" in " ".join(codes.split())
