"""The command line of the documents: the bulletin of one period, the profiles of all leagues."""

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from dashboard import queries, snapshot
from dashboard.briefs import to_docx, to_pdf
from dashboard.briefs.bulletin import NAME, BulletinError, TooFewError, bulletin
from dashboard.briefs.profiles import ProfileError, profile_briefs
from dashboard.clock import today
from dashboard.operator import how_to_sign, unsigned
from dashboard.queries import WarehouseError

EXAMPLES = """示例：
  python -m dashboard.briefs bulletin --period 2025Q2 --dataset demo --out 通报
  python -m dashboard.briefs bulletin --period 2023 --force --out 通报
  python -m dashboard.briefs profiles --dataset demo --period 2024 --out 简报
  python -m dashboard.briefs profiles --out 简报 --kind pdf
"""
WHERE_OFFICE = "（data/operator.toml的office一项）"


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0 when its files are written, 1 with a Chinese message when they are not."""
    asked = _parser().parse_args(arguments)
    if problem := snapshot.problem():
        print(f"提示：{problem}。文件将不含图片。", file=sys.stderr)
    if notice := unsigned():
        print(f"提示：{notice}{how_to_sign(WHERE_OFFICE)}", file=sys.stderr)
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
        asked.run(asked)
    except TooFewError as error:
        print(f"没有生成：{error}确要生成内部参考件，请加--force。", file=sys.stderr)
    except (BulletinError, ProfileError, WarehouseError) as error:
        print(f"错误：{error}", file=sys.stderr)
    except OSError as error:
        print(f"错误：写不进“{asked.out}”：{error.strerror}。", file=sys.stderr)
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dashboard.briefs",
        description="生成文件：出庭应诉情况通报、各盟市简报。",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="命令", required=True, metavar="命令")
    for name, words, run in (
        ("bulletin", "出庭应诉情况通报（DOCX和PDF）", _bulletin),
        ("profiles", "12个盟市的简报（ZIP，一盟市一份）", _profiles),
    ):
        command = commands.add_parser(
            name, help=words, description=words, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.add_argument("--dataset", default="published", help="数据集：published（默认）、demo 或内部数据集")
        command.add_argument("--out", type=Path, required=True, help="写到哪个文件夹，没有就新建")
        command.add_argument("--date", type=_day, default=today(), help="落款日期，如2025-07-15，默认今天")
        command.set_defaults(run=run)
        _own(command, name)
    return parser


def _own(command: argparse.ArgumentParser, name: str) -> None:
    if name == "bulletin":
        command.add_argument("--period", required=True, help="期间：2023、2025Q2、2023-06")
        command.add_argument("--force", action="store_true", help="有数据的盟市不到一半时也生成，文件注明数据不全")
    else:
        command.add_argument("--period", default="", help="年份，默认各盟市数据最全的最近一年")
        command.add_argument("--kind", choices=["docx", "pdf"], default="docx", help="文件类型，默认docx")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}”不是日期，请写成2025-07-15") from None


def _bulletin(asked: argparse.Namespace) -> None:
    release = queries.current_release()
    document = bulletin(release, asked.period, asked.dataset, asked.date, force=asked.force)
    writers: dict[str, Callable[..., bytes]] = {"docx": to_docx, "pdf": to_pdf}
    for ending, write in writers.items():
        parts = (NAME, asked.period, release.id)
        _save(asked.out / snapshot.file_name(*parts, simulated=document.simulated, ending=ending), write(document))


def _profiles(asked: argparse.Namespace) -> None:
    release = queries.current_release()

    def say(done: int, total: int, name: str) -> None:
        print(f"\r{done}/{total} {name or '完成'}\x1b[K", end="" if name else "\n", file=sys.stderr, flush=True)

    data = profile_briefs(release, asked.dataset, asked.period, say, kind=asked.kind, made_on=asked.date)
    parts = ("盟市法治政府建设指标简报", asked.period, release.id)
    _save(asked.out / snapshot.file_name(*parts, simulated=asked.dataset == "demo", ending="zip"), data)


def _save(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    print(f"已生成：{path}")
