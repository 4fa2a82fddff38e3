"""Takes from the process it runs in what a reader of documents never needs: network, other programs, writing, memory.

Called in the child process only, before it touches the document. Python's audit hooks cannot be taken off again.
"""

import ctypes
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.startfile")
CHANGING = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.chown",
    "os.truncate",
)
OPEN_FILES = 64


class Refused(PermissionError):
    """A document, or what read it, tried to reach out."""


def confine(*, memory: int, seconds: int, output: int) -> None:
    """Limits this process to `memory` bytes, `seconds` of processor time and files of `output` bytes; no network."""
    _leave_network()
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))
    readable = tuple(str(Path(root).resolve()) for root in {sys.prefix, sys.base_prefix, *filter(None, sys.path)})
    sys.addaudithook(lambda event, arguments: _audit(event, arguments, readable))


def _leave_network() -> None:
    """A network namespace of its own where the system allows it; the audit hook refuses sockets anyway."""
    try:
        ctypes.CDLL(None, use_errno=True).unshare(NEW_USER | NEW_NETWORK)
    except (OSError, AttributeError):
        return


def _audit(event: str, arguments: Sequence[object], readable: Sequence[str]) -> None:
    if event.startswith(REFUSED) or event in CHANGING:
        raise Refused(f"{event} is not allowed while a document is read")
    if event == "open" and not _may_open(arguments, readable):
        raise Refused("no file is opened while a document is read")


def _may_open(arguments: Sequence[object], readable: Sequence[str]) -> bool:
    opened: list[object] = [*arguments, None, None]
    path, mode = opened[0], opened[1]
    if isinstance(path, int):
        return True
    if not isinstance(path, str | bytes) or (isinstance(mode, str) and set(mode) & set("wax+")):
        return False
    resolved = os.path.realpath(os.fsdecode(path))
    return any(resolved == root or resolved.startswith(root.rstrip("/") + "/") for root in readable)
