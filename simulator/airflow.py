"""`make airflow`: Airflow's scheduler and pages beside the simulator, until Ctrl-C."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

from simulator.demo import BIN, PROJECT, environment, say
from simulator.server import Simulator


def main() -> None:
    """Start both, wait, stop both."""
    port = os.environ.get("AIRFLOW_PORT", "8080")
    with Simulator(night="2026-07-13") as world:
        env = environment(world.url) | {
            "AIRFLOW__API__PORT": port,
            "AIRFLOW__API__BASE_URL": f"http://localhost:{port}",
        }
        subprocess.run([str(BIN / "airflow"), "db", "migrate"], env=env, cwd=PROJECT, check=True)
        say(f"simulator on {world.url} (its night: {world.url}/__night/YYYY-MM-DD)")
        say(f"Airflow on http://localhost:{port} in a few seconds, no log-in: trigger `nightly`. Ctrl-C stops both.")
        # A process group of its own: `standalone` leaves children behind when only it is told to stop.
        with subprocess.Popen(
            [str(BIN / "airflow"), "standalone"], env=env, cwd=PROJECT, start_new_session=True
        ) as process:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            try:
                process.wait()
            except KeyboardInterrupt:
                say("stopping")
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)


if __name__ == "__main__":
    main()
