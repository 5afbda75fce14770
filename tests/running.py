"""The whole service as real processes, on a folder of its own, for tests that look at it from outside."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from reviewqueue import settings
from reviewqueue.embedded.programs import PortTaken, free_port


def unused_port() -> int:
    """A port for one service: of two that look for the first free one at once, both would find it."""
    while True:
        try:
            return free_port(random.randrange(20_000, 32_000))
        except PortTaken:
            continue


class Service:
    """`up` or `demo` on a folder: of this clone, as `./run` starts them, or of another program."""

    def __init__(self, folder: Path, command: str = "up", program: Sequence[str] = ()) -> None:
        self.folder, self.command = folder, command
        self.program = list(program) or [sys.executable, "-m", "reviewqueue"]
        self.output = folder / "output.txt"
        not_ours = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DATA_DIR"}
        self.environment = {name: value for name, value in os.environ.items() if name not in not_ours}
        self.environment |= {"PYTHONPATH": str(settings.BASE_DIR), "DATA_DIR": str(folder)}
        self.environment["GRANIAN_LOG_ACCESS_ENABLED"] = "true"  # a log that an operator may want

    def start(self, seconds: float = 200) -> None:
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [*self.program, self.command, "--port", str(unused_port())],
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.wait_for("Ready: ", seconds)  # of a machine that does ten other things

    def wait_for(self, text: str, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.output.read_text()}"
            time.sleep(0.1)

    def embedded(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self.program, *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)

    def address(self) -> str:
        return self.output.read_text().split("Ready: ")[1].split()[0]

    def pid_of(self, name: str) -> int:
        return int((self.folder / "logs" / f"{name}.pid").read_text().split()[0])

    def logs(self) -> str:
        """Every line that any process has written."""
        files = [self.output, *(self.folder / "logs").glob("*.log*")]
        return "\n".join(path.read_text(errors="replace") for path in files)

    def processes(self) -> list[int]:
        """Every living process that works on this folder, whoever its parent is."""
        rows = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                is_zombie = path.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z"
                words = path.joinpath("cmdline").read_bytes() + path.joinpath("environ").read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in words and not is_zombie and int(path.name) != os.getpid():
                rows.append(int(path.name))
        return rows
