"""A Dovecot of its own, as IMAP server of tests, with Maildirs.

Debian 12 has 2.3, Debian 13 has 2.4: many settings have other names there.
"""

from __future__ import annotations

import contextlib
import getpass
import itertools
import os
import pwd
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lovecampaign.testing.certificate import Certificate
from tests.support.wait_until import wait_until

PASSWORD = "sec/ret@1 ü"
_ENCODED = "sec%2Fret%401%20%C3%BC"
_USERS = 200
_CONFIG_2_3 = """\
protocols = imap
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = {base}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/home/%u
}}
"""
#: The two versions come first.
_CONFIG_2_4 = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols {{
  imap = yes
}}
ssl_server_cert_file = {certificate}
ssl_server_key_file = {certificate}
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
namespace inbox {{
  inbox = yes
}}
passdb passwd-file {{
  passwd_file_path = {base}/users
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {base}/home/%{{user}}
  }}
}}
"""
_CONFIG = """\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
listen = 127.0.0.1
ssl = yes
auth_mechanisms = plain login
auth_failure_delay = 0
first_valid_uid = 1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
mail_fsync = never
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  {chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {chroot}
}}
"""


@dataclass(slots=True, kw_only=True)
class Account:
    """A user's Maildir."""

    name: str
    folder: Path
    port: int
    tls_port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        return f"imap://{self.name}:{_ENCODED}@127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"imaps://{self.name}:{_ENCODED}@localhost:{self.tls_port}"

    def deliver(self, *raw: bytes) -> None:
        """As a mail server does: complete in ``tmp``, then moved to ``new``."""
        for one in raw:
            name = f"{next(self._numbers):09d}.{os.getpid()}.test"
            part = self.folder / "tmp" / name
            part.write_bytes(one)
            part.chmod(0o644)
            part.rename(self.folder / "new" / name)

    def begin_anew(self) -> None:
        """Other UIDs and another UIDVALIDITY, as after the restoration of a backup."""
        uids = self.folder / "dovecot-uidlist"
        validity = re.search(r" V(\d+) ", uids.read_text())
        assert validity is not None
        for file in self.folder.glob("dovecot*"):
            file.unlink()
        # The server takes the second in which it first sees the folder.
        wait_until(lambda: time.time() > int(validity[1]) + 1)

    def flags(self) -> set[str]:
        """The flags in the names of all files."""
        files = [file.name for part in ("new", "cur") for file in (self.folder / part).iterdir()]
        return {flag for name in files for flag in name.partition(":2,")[2]}

    def size(self) -> int:
        return sum(1 for part in ("new", "cur") for _ in (self.folder / part).iterdir())


class Dovecot:
    """The server; each test has accounts of its own."""

    def __init__(self, base: Path, certificate: Certificate) -> None:
        self.base = base
        self.certificate = certificate
        self.port, self.tls_port = _free_ports()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        is_root = os.geteuid() == 0
        self._owner = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
        me = getpass.getuser()
        # Written once: the server may not see a change within a second.
        users = [f"user{number}:{{PLAIN}}{PASSWORD}\n" for number in range(1, _USERS + 1)]
        base.joinpath("users").write_text("".join(users))
        base.joinpath("dovecot.conf").write_text(
            (_versioned_settings() + _CONFIG).format(
                base=base,
                certificate=certificate.path,
                internal="dovecot" if is_root else me,
                internal_group="dovecot" if is_root else me,
                login="dovenull" if is_root else me,
                uid=self._owner.pw_uid,
                gid=self._owner.pw_gid,
                chroot="chroot =",
                port=self.port,
                tls_port=self.tls_port,
            )
        )
        base.chmod(0o755)

    def start(self) -> None:
        command = ["dovecot", "-F", "-c", str(self.base / "dovecot.conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
            # Connections outlive the server for some seconds.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process = None

    def new_account(self) -> Account:
        name = f"user{next(self._numbers)}"
        home = self.base / "home" / name
        for part in ("cur", "new", "tmp"):
            (home / "Maildir" / part).mkdir(parents=True)
        for path in (home, *home.rglob("*")):
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        return Account(name=name, folder=home / "Maildir", port=self.port, tls_port=self.tls_port)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as wire:
                return wire.recv(4) == b"* OK"
        except OSError:
            return False


@contextlib.contextmanager
def running_dovecot(certificate: Certificate) -> Iterator[Dovecot]:
    # Sockets have short names, and the server's users must get there.
    with tempfile.TemporaryDirectory(prefix="dovecot-", dir="/tmp") as base:
        server = Dovecot(Path(base), certificate)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _versioned_settings() -> str:
    said = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=True)
    version = tuple(int(part) for part in said.stdout.split(".")[:2])
    return _CONFIG_2_4 if version >= (2, 4) else _CONFIG_2_3


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
