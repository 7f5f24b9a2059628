"""Starts the dashboard: makes what is missing, the first release or the shapes of maps, then serves it."""

import argparse
import errno
import os
import socket
import subprocess
import sys

from etl import static
from etl.errors import UserError, told_of_files
from etl.paths import ROOT, Paths, default_paths

# Each page is made in a thread of its own, and glibc would give sixteen of them heaps of their own: what is free in one
# is of no use to the others (docs/reliability.md, Memory).
HEAPS = {"MALLOC_ARENA_MAX": "2"}


def prepare(paths: Paths) -> int:
    """Builds the first release when there is none; its exit code. Beside data that are there already, a newly installed
    program writes the shapes of maps, and the release stays which it is.
    """

    def etl(command: str) -> int:
        environment = {**os.environ, "DASHBOARD_DATA_DIR": str(paths.data)}
        return subprocess.run([sys.executable, "-m", "etl", command], cwd=ROOT, env=environment).returncode

    if not (paths.warehouse / "CURRENT").exists():
        print("还没有数据仓库，先生成第一个版本 …", flush=True)
        return etl("build")
    if not static.is_made(paths.static, static.version(paths.boundaries)):
        etl("shapes")  # of boundaries at fault it tells; what was written of older ones goes on
    return 0


def gate(paths: Paths) -> str:
    """Who may come in, and which file says so. Raises SettingsError for a faulty one."""
    from dashboard import access  # takes a second, for which tools that only call `prepare` need not wait

    file = paths.data / "access.toml"
    mode = access.settings().mode
    if mode == "off":
        why = f"{file} 里 mode 为 off" if file.exists() else f"没有 {file}"
        return f"登录：关闭（{why}），能打开网页的人都可看可改"
    return f"登录：{'统一门户（网关）' if mode == 'gateway' else '单点登录（OIDC）'}，按 {file}"


def main() -> int:
    """Checks the port, makes what is missing, and runs the server in the foreground."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.serve", description="启动网站；还没有数据版本或地图图形时，先生成。"
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="地址", help="0.0.0.0 表示对整个网络开放")
    parser.add_argument("--port", type=int, default=8501, metavar="端口", help="默认8501")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            why = "已被占用" if error.errno == errno.EADDRINUSE else error.strerror
            print(f"端口{options.port}不能使用：{why}。请换一个，例如：make run PORT=8502", file=sys.stderr)
            return 1
    paths = default_paths()
    from dashboard.access import SettingsError  # the second begins here, after a port that cannot be used was told

    print(f"数据目录：{paths.data}", flush=True)
    try:  # before Streamlit says where the dashboard can be seen
        with told_of_files():
            print(gate(paths), flush=True)
            made = prepare(paths)
            if made > 1 or not (paths.warehouse / "CURRENT").exists():
                return made or 3  # no release; why, the build has told
    except (SettingsError, UserError) as error:
        print(f"没有启动：{error}", file=sys.stderr)
        return 3
    print(f"网址：http://localhost:{options.port}  （按 Ctrl+C 停止）", flush=True)
    server = ["-m", "streamlit", "run", "app.py", "--server.port", str(options.port), "--server.address", options.host]
    # Who is believed about where a reader comes from, data/access.toml says, not uvicorn.
    environment = {**os.environ, **HEAPS, "FORWARDED_ALLOW_IPS": ""}
    os.chdir(ROOT)
    # In the place of this process: whoever ends it means the server.
    return os.execve(sys.executable, [sys.executable, *server], environment)  # noqa: S606 - our own interpreter


if __name__ == "__main__":
    sys.exit(main())
