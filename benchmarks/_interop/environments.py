"""Environments of the tools: a virtual environment per tool, and an HTTP client of its server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from uuid import uuid4

INSTALL_SECONDS = 1_800
START_SECONDS = 300
REQUEST_SECONDS = 120


class ToolMissing(RuntimeError):
    """The tool could not be installed or started; the message says why."""


def interpreter(folder: Path, name: str, requirements: Sequence[str]) -> Path:
    """The Python of the tool's environment, created and filled where it is not there. Raises ToolMissing."""
    python = folder / name / "bin" / "python"
    marker = folder / name / "requirements.txt"
    lines = "\n".join(requirements)
    if marker.is_file() and marker.read_text() == lines:
        return python
    _run([sys.executable, "-m", "venv", "--clear", str(folder / name)])
    _run([str(python), "-m", "pip", "install", "--quiet", *requirements])
    marker.write_text(lines)
    return python


def version_of(python: Path, package: str) -> str:
    """The version of an installed package."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return _run([str(python), "-c", code]).strip()


def script(name: str) -> Path:
    """A script that a tool's Python runs, without our modules."""
    return Path(__file__).parent / "scripts" / f"{name}.py"


def run_script(python: Path, name: str, folder: Path, *arguments: str) -> None:
    """Run a script on a folder, without access to a hub. Raises ToolMissing."""
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache"), "PATH": os.defpath}
    _run([str(python), str(script(name)), str(folder), *arguments], environment)


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolMissing(str(error)) from None
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line and not line.startswith("WARNING")]
        raise ToolMissing(" ".join(last[-3:]) or f"{command[0]} ended with {done.returncode}.")
    return done.stdout


class ImportRefused(RuntimeError):
    """The tool does not take our file; the message is its own."""


class Client:
    """Requests to a server on this machine, with its cookies, as one of its users."""

    def __init__(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        self.address = address
        self.headers = dict(headers or {})
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str, **parameters: str) -> Any:
        """The JSON of a page."""
        return json.loads(self.fetch(f"{path}?{urlencode(parameters)}" if parameters else path))

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON of the response; None where it has no body."""
        response = self.fetch(path, json.dumps(body).encode(), "application/json")
        return json.loads(response) if response else None

    def patch(self, path: str, body: Any) -> Any:
        """The JSON of the response to a change."""
        return json.loads(self.fetch(path, json.dumps(body).encode(), "application/json", "PATCH"))

    def upload(self, path: str, field: str, filename: str, content: bytes) -> bytes:
        """The body of the response to a file."""
        boundary = uuid4().hex
        disposition = f'form-data; name="{field}"; filename="{filename}"'
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
        body = head + content + f"\r\n--{boundary}--\r\n".encode()
        return self.fetch(path, body, f"multipart/form-data; boundary={boundary}")

    def submit(self, path: str, **fields: str) -> bytes:
        """The page after a form."""
        return self.fetch(path, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def fetch(
        self, path: str, body: bytes | None = None, content_type: str = "", method: str | None = None
    ) -> bytes:
        """The body of a response. Raises HTTPError, OSError."""
        headers = {**self.headers, "Referer": self.address}
        if content_type:
            headers["Content-Type"] = content_type
        if token := next((cookie.value for cookie in self.cookies if cookie.name == "csrftoken"), None):
            headers["X-CSRFToken"] = token
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        with self._opener.open(request, timeout=REQUEST_SECONDS) as response:
            return bytes(response.read())

    def wait_until_up(self, path: str) -> None:
        """Return when the server answers. Raises ToolMissing."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.fetch(path)
            except HTTPError:
                return
            except OSError:
                time.sleep(1)
            else:
                return
        raise ToolMissing(f"The server did not answer within {START_SECONDS} seconds.")
