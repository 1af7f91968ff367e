"""The token that whoever changes something has to show: a line in a file of the state directory.

The file is read at every use, so that what is rotated, restored or deleted counts at once, and two
daemons of one directory agree.
"""

import logging
import os
import re
import secrets
from pathlib import Path

from lanbridge import files
from lanbridge.core.errors import TokenRequired, TokenUnavailable, TokenWrong

log = logging.getLogger(__name__)

_VALID = re.compile(r"[!-~]{16,512}")  # what fits in a header, and is too long to be guessed
_REMEDY = "'lanbridge token' on its host shows it, send it as 'Authorization: Bearer TOKEN'"


class WriteToken:
    """That of one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "token"

    def shown(self) -> str | None:
        """What the file holds; None where there is none, or no token in it.

        Raises TokenUnavailable where it is there and may not be read.
        """
        try:
            text = self._path.read_bytes().decode("ascii", "replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unavailable(error, "read") from error
        return text if _VALID.fullmatch(text) else None

    def ensured(self) -> str:
        """What the file holds, made now where there is none. Raises TokenUnavailable."""
        if token := self.shown():
            return token
        try:
            try:
                files.create(self._path, _new())
            except FileExistsError:
                if not self.shown():  # not by another that starts now: it is damaged
                    files.replace(self._path, _new())
                    log.warning("%s held no token: a new one is made, and counts now", self._path)
        except OSError as error:
            raise self._unavailable(error, "written") from error
        return self._kept()

    def rotate(self) -> str:
        """Replace it; the old one is worth nothing from now on.

        Raises TokenUnavailable, also where the daemon could not read the new one, or reads another.
        """
        try:
            if os.geteuid() not in (0, self._path.stat().st_uid):
                raise self._of_another()
            files.replace(self._path, _new())
        except (FileNotFoundError, NotADirectoryError):
            raise self.missing() from None
        except OSError as error:
            raise self._unavailable(error, "written") from error
        return self._kept()

    def check(self, offered: str | None) -> None:
        """Let pass whoever shows it. Raises TokenRequired, TokenWrong, TokenUnavailable."""
        token = self.ensured()
        if offered is None:
            raise TokenRequired("", "it takes the token of this daemon", _REMEDY)
        # In constant time: how long it takes says nothing about how much of a guess was right.
        if not secrets.compare_digest(offered.encode(errors="replace"), token.encode()):
            raise TokenWrong("", "this is not the token of this daemon", _REMEDY)

    def problem(self) -> str | None:
        """Why nothing can be changed over HTTP, or None."""
        try:
            self.ensured()
        except TokenUnavailable as error:
            return str(error)
        return None

    def missing(self) -> TokenUnavailable:
        """The error of a command that looks for it."""
        remedy = "start the daemon once, ask as root, or say where with --state-dir"
        rule = "this state directory holds none"
        return TokenUnavailable(str(self._path.parent), rule, remedy)

    def _of_another(self) -> TokenUnavailable:
        try:
            owner = self._path.owner()
        except KeyError:  # of a container, or of systemd while the daemon does not run
            owner = str(self._path.stat().st_uid)
        rule = f"it is of user {owner}, who could not read a new one of this user"
        return TokenUnavailable(str(self._path), rule, "ask as that user, or as root")

    def _kept(self) -> str:
        if token := self.shown():
            return token
        raise TokenUnavailable(str(self._path), "what was written to it does not stay")

    def _unavailable(self, error: OSError, done: str) -> TokenUnavailable:
        rule = f"it cannot be {done} ({error.strerror}), and without it nothing can be changed"
        remedy = "let the daemon write its state directory"
        if done == "read":
            remedy = "ask as the user of the daemon, or as root"
        return TokenUnavailable(str(self._path), rule, remedy)


def _new() -> bytes:
    return f"{secrets.token_urlsafe(32)}\n".encode()
