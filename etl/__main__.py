"""The command line of the ETL: `python -m etl build | status | rollback`.

Exit codes: 0 everything loaded; 1 rows were rejected, the rest is published; 2 wrong usage;
3 stopped by a fault in the catalogue, the boundaries or the releases, the old release stays.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from etl import publish
from etl.errors import UserError
from etl.paths import Paths, default_paths

EXAMPLES = """\
示例：
  python -m etl build              读取目录与表格，核对，生成并启用新版本
  python -m etl build --json       同上，结果以JSON给出
  python -m etl status             列出版本，标出当前版本
  python -m etl rollback           退回上一版本
  python -m etl rollback 20251231-a1b2c3
退出码：0 全部载入；1 有行被拒收，其余已发布；2 用法有误；3 因目录、边界或版本有误而停止，原版本不变
"""
SHOWN_REJECTS = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m etl",
        description="把指标表格装入数据仓库，以版本发布。",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令")
    for name, text in [("build", "生成并启用新版本"), ("status", "列出版本"), ("rollback", "退回较早的版本")]:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--json", action="store_true", help="以JSON给出结果")
        if name == "rollback":
            command.add_argument("release", nargs="?", help="版本编号；不写则退回上一版本")
    options = parser.parse_args(arguments)
    paths = default_paths()
    try:
        if options.command == "build":
            return _build(paths, options.json)
        if options.command == "rollback":
            release = publish.rollback(paths, options.release)
            _print({"current": release.id}, options.json, [f"当前版本：{release.id}"])
            return 0
        return _status(paths, options.json)
    except UserError as error:
        print(error, file=sys.stderr)
        return 3


def _build(paths: Paths, as_json: bool) -> int:
    outcome = publish.build(paths, lambda text: print(text, file=sys.stderr))
    release, rejected = outcome.release, sum(load.rows_rejected for load in outcome.loads)
    lines = [f"{'新版本' if outcome.built else '内容未变，版本'}：{release.id}"]
    lines += [
        f"  {load.input}：读入{load.rows_in}行，载入{load.rows_loaded}行，拒收{load.rows_rejected}行"
        for load in outcome.loads
    ]
    lines += [f"  拒收 {text}" for text in outcome.rejects[:SHOWN_REJECTS]]
    if len(outcome.rejects) > SHOWN_REJECTS:
        lines.append(f"  另有{len(outcome.rejects) - SHOWN_REJECTS}条拒收意见，见“数据质量”页")
    lines.append(
        f"  数据核对：{release.failed_checks}项不一致，见“数据质量”页"
        if release.failed_checks
        else "  数据核对：全部一致"
    )
    summary = {
        "release": release.id,
        "built": outcome.built,
        "loads": [asdict(load) for load in outcome.loads],
        "rejects": outcome.rejects,
        "failed_checks": release.failed_checks,
    }
    _print(summary, as_json, lines)
    return 1 if rejected else 0


def _status(paths: Paths, as_json: bool) -> int:
    current, found = publish.current_id(paths), publish.releases(paths)
    lines = [
        f"{'→' if r.id == current else ' '} {r.id}  生成于{r.built_at:%Y-%m-%d %H:%M}（UTC）  数据截至{r.data_until}"
        f"  {r.observations}条数据  拒收{r.rows_rejected}行  {r.failed_checks}项核对不一致"
        for r in found
    ]
    if not found:
        lines = ["还没有版本。请运行：python -m etl build"]
    elif current not in [r.id for r in found]:
        lines.append(
            f"当前版本“{current or '无'}”不存在。请运行：python -m etl build 或 python -m etl rollback 版本编号"
        )
    _print({"current": current, "releases": [{**asdict(r), "path": r.path.name} for r in found]}, as_json, lines)
    return 0


def _print(summary: dict[str, object], as_json: bool, lines: list[str]) -> None:
    print(json.dumps(summary, ensure_ascii=False, default=str) if as_json else "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
