"""Starts the dashboard: builds the first release when there is none, then serves it."""

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Checks the port, builds if needed, and runs the server in the foreground."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 opens the dashboard to the whole network")
    parser.add_argument("--port", type=int, default=8501)
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            print(f"Port {options.port} cannot be used ({error.strerror}). Choose another: make run PORT=8502")
            return 1
    warehouse = Path(os.environ.get("DASHBOARD_DATA_DIR") or ROOT / "data") / "warehouse"
    if not (warehouse / "CURRENT").exists():
        print("No warehouse yet: building the first release.")
        built = subprocess.run([sys.executable, "-m", "etl", "build"], cwd=ROOT).returncode
        if built > 1:
            return built
    print(f"Dashboard: http://localhost:{options.port}  (Ctrl+C stops it)", flush=True)
    server = ["-m", "streamlit", "run", "app.py", "--server.port", str(options.port), "--server.address", options.host]
    try:
        # Who is believed about where a reader comes from, data/access.toml says, not uvicorn.
        environment = {**os.environ, "FORWARDED_ALLOW_IPS": ""}
        return subprocess.run([sys.executable, *server], cwd=ROOT, env=environment).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
