"""One writer at a time, and nothing to clean up after a killed one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.locks import HeldError, held


def test_a_second_holder_is_refused_and_told_who_and_since_when(tmp_path: Path, clock):
    """The message names the task, the process and the time."""
    with (
        held(tmp_path, "night", "night 2026-07-14", clock),
        pytest.raises(HeldError, match=rf"night 2026-07-14 \(process {os.getpid()} on .*, since 20\d\d-"),
        held(tmp_path, "night", "build 2026-07-14", clock),
    ):
        pass


def test_shared_holders_work_beside_each_other_but_not_beside_an_exclusive_one(tmp_path: Path, clock):
    """Sources are fetched in parallel; nobody builds meanwhile."""
    with held(tmp_path, "night", "extract sse", clock, shared=True):
        with held(tmp_path, "night", "extract szse", clock, shared=True):
            pass
        with pytest.raises(HeldError), held(tmp_path, "night", "build", clock):
            pass
    with held(tmp_path, "night", "build", clock):
        pass


def test_a_killed_holder_leaves_nothing_to_clean(tmp_path: Path, clock):
    """The operating system lets go of the lock with the process."""
    code = (
        "import sys, signal; from pathlib import Path; from pipeline.locks import held;"
        "from extractors.core.clock import SystemClock;\n"
        "with held(Path(sys.argv[1]), 'night', 'night 2026-07-14', SystemClock()):\n"
        "    print('holding', flush=True); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "holding\n"
        with pytest.raises(HeldError, match=f"process {process.pid}"), held(tmp_path, "night", "other", clock):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    with held(tmp_path, "night", "other", clock):
        pass
