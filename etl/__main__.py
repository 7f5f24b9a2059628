"""The command line: `python -m etl build | load | preview | undo | status | rollback | shapes | template | simulate`.

Exit codes: 0 everything loaded; 1 rows were rejected, the rest is published; 2 wrong usage;
3 stopped by a file, the catalogue, the boundaries or the releases, which changed nothing (of several files the others
are loaded), and what `status` ends with where a release is damaged, or there are releases and none is current;
130 stopped by somebody, while what was published until then stands.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from etl import audit, pins, progress, publish
from etl.accepted import Request
from etl.catalogue import Catalogue, load_catalogue
from etl.errors import UserError, file_fault, told_of_files
from etl.paths import Paths, default_paths, program_version
from etl.progress import Say
from etl.readers import RawTable, read_tables
from etl.understand import (
    FIELD_NAMES,
    Figures,
    Understanding,
    alike,
    bare_heading,
    shown_indicators,
    table_faults,
    understand,
)
from etl.validate import validate

# Command -> (how it is typed, what it does) of its examples.
EXAMPLES = {
    "build": [("build", "读取目录与表格，核对，生成并启用新版本"), ("build --json", "同上，结果为JSON")],
    "load": [
        ("load 2025年二季度应诉.xlsx --dry-run", "只校验，不载入"),
        ("load 2025年二季度应诉.xlsx --dry-run --marked 问题.xlsx", "另存一份标出问题的表格"),
        (
            "load 2025年二季度应诉.xlsx --source 2025年二季度应诉报表 --publisher 兴安盟司法局",
            "载入，写明来源和报送单位",
        ),
        ("load 行政复议.csv --period 2025Q2 --indicator 行政复议案件办理数", "表里没写期间和指标"),
        ("load *.xlsx --json", "一次载入几个文件，结果为JSON"),
    ],
    "preview": [("preview 2025年二季度应诉.xlsx", "各列读成了什么")],
    "undo": [("undo internal-00001-1a2b3c4d", "撤回一次载入")],
    "status": [("status", "列出版本，标出当前版本和被快照引用的版本"), ("status --json", "同上，结果为JSON")],
    "rollback": [("rollback", "退回上一版本"), ("rollback 20251231-a1b2c3", "改用指定版本")],
    "shapes": [("shapes", "写出网页地图要用的边界图形")],
    "template": [("template --out 填报模板.xlsx", "空白填报模板")],
    "simulate": [("simulate --out 演示数据（模拟）.csv", "写出演示数据")],
}
EXIT_CODES = """\
退出码：0 全部载入；1 有行被拒收，其余已发布；2 用法有误；3 因文件、目录、边界或版本有误而停止，没有改变什么
（一次载入几个文件时，其余文件照常载入），status 看到损坏的版本，或有版本而没有当前版本时，也是3；
130 被人中断，此前已发布的有效
"""
STOPPED = "已中断"  # not “没有改变什么”: of several files some may be loaded
SHOWN_REJECTS = 50
SHOWN_ROWS = 20
YIELDING = 19  # of `nice`: where loads and readers share cores, readers come first
STEP = 0.01  # of the whole: what is worth telling a page


@dataclass(frozen=True)
class Told:
    """What a command came to: its exit code, and the same told to machines and to people."""

    code: int
    summary: Mapping[str, object]
    lines: list[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = parser().parse_args(arguments)
    run: Callable[[Paths, argparse.Namespace, Say], Told] = options.run
    paths = default_paths()
    if not options.json:
        print(f"数据目录：{paths.data}", file=sys.stderr)
    try:
        with _telling(options) as say, told_of_files():
            told = run(paths, options, say)
    except UserError as error:
        print(error, file=sys.stderr)
        told = Told(3, {"error": str(error)}, [])
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        told = Told(130, {"error": STOPPED}, [])
    if options.json:
        print(json.dumps(told.summary, ensure_ascii=False, default=str))
    elif told.lines:
        print("\n".join(told.lines))
    return told.code


def _examples(*names: str) -> str:
    return "示例：\n" + "".join(
        f"  python -m etl {typed}\n      {does}\n" for name in names for typed, does in EXAMPLES[name]
    )


def parser() -> argparse.ArgumentParser:
    """All commands, each with `run` among its options."""
    made = argparse.ArgumentParser(
        prog="python -m etl",
        description="把指标表格装入数据仓库，以版本发布。",
        epilog=_examples(*EXAMPLES) + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(required=True, metavar="命令")

    def command(name: str, run: Callable[[Paths, argparse.Namespace, Say], Told], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=_examples(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(run=run)
        added.add_argument("--json", action="store_true", help="以JSON给出结果，供程序读取")
        added.add_argument("--steps", action="store_true", help=argparse.SUPPRESS)  # for the page 数据导入
        return added

    build = command("build", _build, "读取全部输入，生成并启用新版本")
    build.add_argument(
        "--without",
        nargs="+",
        default=[],
        metavar="载入编号",
        help="这些载入的表格已经丢失，确定不再要，生成没有它们的版本",
    )
    load = command("load", _load, "校验并载入表格（CSV、XLSX、XLS、Parquet），生成并启用新版本")
    load.add_argument("files", nargs="+", type=Path, metavar="文件")
    load.add_argument("--dataset", default="internal", help="数据集名称（默认internal，即内部报送数据）")
    load.add_argument("--source", default="", metavar="标题", help="来源标题；同一标题的后一份文件视为对前一份的更正")
    load.add_argument("--publisher", default="", metavar="单位", help="报送单位；同一来源的应相同，不写则同前")
    load.add_argument("--period", metavar="期间", help="表中没有期间列时使用，如2025Q2")
    load.add_argument("--indicator", metavar="指标", help="表中没有指标列时使用，编号或名称")
    load.add_argument("--regions", nargs="+", metavar="代码", help="只收这些地区（盟市包括所属旗县）的行")
    load.add_argument("--name", help="文件的原名（只有一个文件时可用），用于提示和记录")
    load.add_argument("--dry-run", action="store_true", help="只校验，不载入")
    load.add_argument("--marked", type=Path, metavar="XLSX", help="另存一份标出问题的表格（只有一个文件时可用）")
    load.add_argument("--understanding", type=Path, help=argparse.SUPPRESS)  # for the page 数据导入
    load.set_defaults(usage_error=load.error)
    preview = command("preview", _preview, "显示一个文件的表格和各列读成了什么，不校验，不载入")
    preview.add_argument("file", type=Path, metavar="文件")
    preview.add_argument("--name", help="文件的原名")
    undo = command("undo", _undo, "撤回一次载入，启用没有它的版本")
    undo.add_argument("load_id", metavar="载入编号", help="见“数据质量”页的载入记录")
    command("status", _status, "列出版本，标出当前版本和被快照引用的版本")
    rollback = command("rollback", _rollback, "退回较早的版本")
    rollback.add_argument("release", nargs="?", metavar="版本", help="版本编号；不写则退回上一版本")
    command("shapes", _shapes, "写出网页地图要用的边界图形，不生成新版本（build也会写）")
    blank = command("template", _template, "写出空白填报模板（XLSX，带下拉选项）")
    blank.add_argument("--out", type=Path, default=Path("填报模板.xlsx"))
    demo = command("simulate", _simulate, "写出演示数据（模拟）；每个版本都自带，此命令供查看")
    demo.add_argument("--out", type=Path, default=Path("演示数据（模拟）.csv"))
    return made


@contextmanager
def _telling(options: argparse.Namespace) -> Iterator[Say]:
    """Tells on stderr what is being done: a bar on a terminal, else a line a stage; nothing beside --json.

    With --steps each is a line of JSON with `share` (0 to 1) and `text`, for the page 数据导入.
    """
    if options.steps:
        share, text = 0.0, ""

        def step(new_share: float | None, new_text: str | None) -> None:
            nonlocal share, text
            if new_text is None and new_share is not None and abs(new_share - share) < STEP:
                return
            share, text = share if new_share is None else new_share, text if new_text is None else new_text
            print(json.dumps({"share": round(share, 3), "text": text}), file=sys.stderr, flush=True)

        with progress.watched(lambda new: step(new, None)):
            yield lambda new: step(None, new)
    elif options.json:
        yield lambda text: None
    elif sys.stderr.isatty():
        words = TextColumn("{task.description}", markup=False)
        columns = (words, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
            task = bar.add_task("", total=1.0)
            with progress.watched(lambda share: bar.update(task, completed=share)):
                yield lambda text: bar.update(task, description=text)
    else:
        yield lambda text: print(text, file=sys.stderr, flush=True)


def _shortened(texts: list[str]) -> list[str]:
    lines = [f"  拒收 {text}" for text in texts[:SHOWN_REJECTS]]
    if len(texts) > SHOWN_REJECTS:
        lines.append(f"  另有{len(texts) - SHOWN_REJECTS}条，用 --json 可见全部")
    return lines


def _note(paths: Paths, options: argparse.Namespace, action: str, what: str, detail: str) -> None:
    # With --steps it is a page that asks, which notes who asked it.
    if not options.steps and (problem := audit.note(paths, action, what, detail)):
        print(problem, file=sys.stderr)


def _release_lines(outcome: publish.Outcome) -> list[str]:
    now = outcome.release.id
    if outcome.built:
        lines = [f"新版本：{now}"]
    elif outcome.before in (None, now):
        lines = [f"内容未变，版本：{now}"]
    else:
        lines = [f"此前已有这个版本，当前版本由{outcome.before}改为{now}"]
    failed = outcome.failed_checks
    lines.append(f"  数据核对：{len(failed)}项不一致" if failed else "  数据核对：全部一致")
    return [*lines, *(f"    · {message}" for message in failed)]


def _build(paths: Paths, options: argparse.Namespace, say: Say) -> Told:
    outcome = publish.build(paths, say, without=options.without)
    if outcome.before != outcome.release.id:
        _note(paths, options, "版本", outcome.release.id, "改为当前版本")
    first, *others = _release_lines(outcome)
    counts = [f"  {x.input}：读入{x.rows_in}行，载入{x.rows_loaded}行，拒收{x.rows_rejected}行" for x in outcome.loads]
    summary = {
        "release": outcome.release.id,
        "built": outcome.built,
        "loads": [asdict(load) for load in outcome.loads],
        "rejects": outcome.rejects,
        "failed_checks": outcome.failed_checks,
    }
    return Told(
        1 if any(load.rows_rejected for load in outcome.loads) else 0,
        summary,
        [first, *counts, *_shortened(outcome.rejects), *others],
    )


def _load(paths: Paths, options: argparse.Namespace, say: Say) -> Told:
    if (options.name or options.understanding or options.marked) and len(options.files) > 1:
        options.usage_error("--name、--marked 只能用于一个文件")
    if options.marked:
        _try_to_write(options.marked)  # before anything is loaded
    understandings = _understandings(options.understanding) if options.understanding else None
    request = Request(
        options.dataset, options.source, options.publisher, options.period, options.indicator, options.regions
    )
    lines: list[str] = []
    files: list[dict[str, object]] = []
    code = 0
    for number, path in enumerate(options.files, start=1):
        if len(options.files) > 1:
            say(f"［{number}/{len(options.files)}］{path.name}")
        try:
            with told_of_files(), progress.part((number - 1) / len(options.files), number / len(options.files)):
                result = publish.load(
                    paths,
                    path,
                    request,
                    say,
                    name=options.name,
                    understandings=understandings,
                    dry_run=options.dry_run,
                )
        except UserError as error:
            print(error, file=sys.stderr)
            files.append({"name": options.name or path.name, "error": str(error)})
            code = 3
            continue
        files.append(_file_summary(result))
        checked = result.checked
        code = max(code, int(checked.rows_rejected > 0))
        counts = f"读入{checked.rows_in}行，可载入{checked.rows_loaded}行，拒收{checked.rows_rejected}行"
        if result.load_id and not result.repeated:
            rows = f"载入{checked.rows_loaded}行，拒收{checked.rows_rejected}行"
            _note(paths, options, "导入", result.name, f"{result.load_id}，{rows}")
        if options.marked and checked.findings:
            say("标出问题 …")
            _mark(options, path, result)
        lines.append(f"{result.name}：{counts}{_fate(result, options.dry_run)}")
        lines += _shortened([finding.text() for finding in checked.findings])
        if result.outcome is not None:
            lines += _release_lines(result.outcome)
    return Told(code, {"files": files}, lines)


def _mark(options: argparse.Namespace, path: Path, result: publish.Loaded) -> None:
    """Writes the marked copy of a file. What prevents that is raised while nothing was loaded; a load stands."""
    from etl.sheets import mark_findings

    try:
        options.marked.write_bytes(mark_findings(path, result.checked.findings, options.name))
    except (OSError, UserError) as error:
        if result.load_id is None:
            raise
        reason = str(error)
        if isinstance(error, OSError):
            error.filename = error.filename or options.marked  # a full disk names none
            reason = file_fault(error)
        print(f"{result.name}已载入，但标出问题的表格没有写成。{reason}", file=sys.stderr)


def _try_to_write(path: Path) -> None:
    """Raises OSError where nothing can be written."""
    new = not path.exists()
    with path.open("ab"):
        pass
    if new:
        path.unlink()


def _understandings(path: Path) -> list[Understanding | None]:
    """What a person says of the tables of a file, one each, as `dataclasses.asdict` gives it; null: as understood."""
    return [
        Understanding(**entry | {"figures": {c: Figures(**f) for c, f in entry["figures"].items()}}) if entry else None
        for entry in json.loads(path.read_text(encoding="utf-8"))
    ]


def _file_summary(result: publish.Loaded) -> dict[str, object]:
    checked = result.checked
    return {
        "name": result.name,
        "load_id": result.load_id,
        "repeated": result.repeated,
        "rows_in": checked.rows_in,
        "rows_loaded": checked.rows_loaded,
        "rows_rejected": checked.rows_rejected,
        "findings": [finding.record() for finding in checked.findings],
        "release": result.outcome.release.id if result.outcome else None,
    }


def _preview(paths: Paths, options: argparse.Namespace, say: Say) -> Told:
    say("读取表格 …")
    catalogue = load_catalogue(paths.catalogue)
    tables = read_tables(options.file, options.name)
    known = [understand(table, catalogue) for table in tables]
    summary = [
        {
            "sheet": table.sheet,
            "header_row": table.header_row,
            "row_count": len(table.rows),
            "unit": table.unit,
            "notes": table.notes,
            "columns": table.columns,
            "numbers": table.rows.index[:SHOWN_ROWS].tolist(),
            "rows": table.rows.head(SHOWN_ROWS).to_numpy().tolist(),
            "understanding": asdict(understanding),
            "faults": table_faults(
                table, understanding, catalogue, {"indicator": None, "period": understanding.period, "source": ""}
            ),
            "alike": {c: alike(bare_heading(c), shown_indicators(catalogue)) for c in understanding.unknown},
        }
        for table, understanding in zip(tables, known, strict=True)
    ]
    lines = [line for pair in zip(tables, known, strict=True) for line in _understood_lines(*pair, catalogue)]
    return Told(0, {"tables": summary}, lines)


def _understood_lines(table: RawTable, known: Understanding, catalogue: Catalogue) -> list[str]:
    """What was understood of a table, a column a line."""
    lines = [f"{table.sheet or table.file}：表头到第{table.header_row}行，{len(table.rows)}行数据"]
    for column in table.columns:
        says = FIELD_NAMES.get(known.fields.get(column, ""), "没有认出")
        if figures := known.figures.get(column):
            indicator = catalogue.indicators[figures.indicator].name if figures.indicator else ""
            parts = [indicator, figures.breakdown, figures.period, figures.unit]
            says = "数值：" + "，".join(part for part in parts if part)
        lines.append(f"  {column}：{says}")
    return [*lines, *(f"  · {note}" for note in table.notes)]


def _fate(result: publish.Loaded, dry_run: bool) -> str:
    if dry_run:
        return "（只校验，未载入）"
    if result.repeated:
        return f"（此前已载入，编号{result.load_id}，没有变化）"
    return f"，载入编号{result.load_id}" if result.load_id else "（没有可载入的行，未载入）"


def _undo(paths: Paths, options: argparse.Namespace, say: Say) -> Told:
    outcome = publish.undo(paths, options.load_id, say)
    _note(paths, options, "撤回", options.load_id, f"当前版本{outcome.release.id}")
    return Told(0, {"release": outcome.release.id}, [f"已撤回{options.load_id}", *_release_lines(outcome)])


def _rollback(paths: Paths, options: argparse.Namespace, say: Say) -> Told:
    release = publish.rollback(paths, say, options.release)
    _note(paths, options, "版本", release.id, "改为当前版本")
    return Told(0, {"current": release.id}, [f"当前版本：{release.id}"])


def _status(paths: Paths, options: argparse.Namespace, say: Say) -> Told:
    current, broken = publish.current_id(paths), publish.unreadable(paths)
    found = [release for release in publish.releases(paths) if release.id not in broken]
    try:
        pinned: dict[str, int] | None = pins.pinned(paths)
        problem = ""
    except pins.UnknownPinsError as error:
        pinned, problem = None, str(error)
    snapshots = pinned or {}
    lines = [
        f"{'→' if r.id == current else ' '} {r.id}  生成于{r.built_at:%Y-%m-%d %H:%M}（UTC）  数据截至{r.data_until}"
        f"  {r.observations}条数据  拒收{r.rows_rejected}行  {r.failed_checks}项核对不一致"
        f"{f'  被{snapshots[r.id]}张快照引用，长期保留' if r.id in snapshots else ''}"
        for r in found
    ]
    if not found and not broken:
        lines = ["还没有版本。请运行：python -m etl build"]
    elif current in broken:
        lines.append(f"当前版本{current}的文件已损坏。请运行：python -m etl build 重新生成，或 python -m etl rollback")
    elif current not in [r.id for r in found]:
        lines.append(f"当前版本“{current or '无'}”不存在。请运行：python -m etl build，或 rollback 到上面的一个版本")
    lines += [f"  {name}  文件已损坏，无法读取" for name in broken if name != current]
    lines += [
        f"  {lost}  被{snapshots[lost]}张快照引用，但版本文件不在：快照仍可查看，不能回到当时的页面"
        for lost in sorted(snapshots.keys() - {r.id for r in found} - set(broken))
    ]
    if problem:
        lines.append(f"不能确定哪些版本被快照引用，{problem}。清理旧版本已暂停")
    version = program_version()
    if version:
        lines.insert(0, f"程序版本：{version}")
    told = [{**asdict(r), "path": r.path.name, "snapshots": snapshots.get(r.id, 0)} for r in found]
    summary = {"program": version, "current": current, "releases": told, "damaged": broken, "pinned": pinned}
    return Told(3 if broken or (found and current not in [r.id for r in found]) else 0, summary, lines)


def _shapes(paths: Paths, options: argparse.Namespace, say: Say) -> Told:
    say("写出边界图形 …")
    publish.write_static(paths, load_catalogue(paths.catalogue))
    return Told(0, {"folder": str(paths.static)}, [f"边界图形在{paths.static}"])


def _template(paths: Paths, options: argparse.Namespace, say: Say) -> Told:
    from etl.sheets import template

    _try_to_write(options.out)
    options.out.write_bytes(template(load_catalogue(paths.catalogue)))
    return Told(0, {"file": str(options.out)}, [f"已写出 {options.out}"])


def _simulate(paths: Paths, options: argparse.Namespace, say: Say) -> Told:
    from etl import simulate
    from etl.build import PUBLISHED_TABLES

    _try_to_write(options.out)
    catalogue = load_catalogue(paths.catalogue)
    name = next(name for name, table in PUBLISHED_TABLES.items() if table == "observations")
    official = pd.concat(
        validate(table, catalogue, dataset="published", status="published").observations
        for table in read_tables(paths.published / name)
    )
    observations = simulate.panel(catalogue, official).observations
    observations.assign(dataset="demo").to_csv(options.out, index=False, encoding="utf-8-sig", lineterminator="\n")
    summary = {"file": str(options.out), "rows": len(observations)}
    return Told(0, summary, [f"已写出 {options.out}：{len(observations)}行"])


if __name__ == "__main__":
    os.nice(YIELDING)
    sys.exit(main())
