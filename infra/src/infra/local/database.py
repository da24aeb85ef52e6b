"""MariaDB in a folder of the project: no installation, no root, own socket and free port.

The server's packages come from Debian's registry and are only unpacked. RDS runs MySQL 8.4; the SQL
we write is what both accept.
"""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pymysql
from pymysql.cursors import Cursor
from sqlalchemy import URL

from infra.local.locks import exclusive
from infra.local.paths import LOCAL
from infra.local.processes import Process, free_port
from infra.local.settings import inherited_environment

PACKAGES = ("mariadb-server-core", "mariadb-client-core", "libaio1", "libnuma1", "liburing2")
START_SECONDS = 30


class NoDatabaseServerError(Exception):
    """Raised when MariaDB is neither installed nor to be had from Debian's packages."""


@dataclass(frozen=True)
class Server:
    """Where the server's program lies."""

    basedir: Path
    mariadbd: Path
    libraries: Path | None = None

    @classmethod
    def find(cls) -> "Server":
        """Return the installed server, else the unpacked one, fetching it if need be."""
        if (installed := shutil.which("mariadbd")) and shutil.which("mariadb-install-db"):
            return cls(Path("/usr"), Path(installed))
        unpacked = LOCAL / "mariadb"
        with exclusive(LOCAL / "mariadb.lock"):
            if not (unpacked / "usr/sbin/mariadbd").exists():
                _unpack_packages(unpacked)
        return cls(
            unpacked / "usr",
            unpacked / "usr/sbin/mariadbd",
            next((unpacked / "usr/lib").glob("*-linux-gnu")),
        )

    def options(self) -> list[str]:
        """Return what the server must be told to find its own files."""
        options = ["--no-defaults", f"--basedir={self.basedir}"]
        if self.libraries is not None:
            options += [
                f"--lc-messages-dir={self.basedir}/share/mysql",
                f"--plugin-dir={self.basedir}/lib/mysql/plugin",
            ]
        # As root the server refuses to run unless told that this is meant.
        return [*options, "--user=root"] if os.geteuid() == 0 else options

    def environment(self) -> dict[str, str]:
        """Return the environment in which its programs find their libraries."""
        env = inherited_environment()
        return env if self.libraries is None else env | {"LD_LIBRARY_PATH": str(self.libraries)}


class Database:
    """One MariaDB with its data in a folder; `root` enters by the socket alone."""

    def __init__(self, folder: Path, *, port: int | None = None, name: str = "fashion") -> None:
        self.name = name
        self.port = port or free_port()
        self._data = folder / "data"
        self._tmp = folder / "tmp"
        # Made anew, for us alone, at each start: nobody else can have put something there.
        self._socket_folder: tempfile.TemporaryDirectory[str] | None = None
        self._process = Process("database", folder / "database.log")

    @property
    def socket(self) -> Path:
        """Return the socket's path, kept short: the system allows about 107 characters.

        It is another one after each start.
        """
        if self._socket_folder is None:
            raise ValueError("the database has no socket before it was started")
        return Path(self._socket_folder.name) / "m.sock"

    @property
    def pid(self) -> int | None:
        """Return the server's process id, or None if it does not run."""
        return self._process.pid

    @property
    def owner_url(self) -> str:
        """Return the URL of the one who may change tables: for migrations and tests."""
        url = URL.create(
            "mysql+pymysql",
            "root",
            database=self.name,
            query={"unix_socket": str(self.socket), "charset": "utf8mb4"},
        )
        return url.render_as_string(hide_password=False)

    def url_for(self, user: str, password: str) -> str:
        """Return the URL by which a service's own user connects over TCP."""
        url = URL.create(
            "mysql+pymysql",
            user,
            password,
            "127.0.0.1",
            self.port,
            self.name,
            query={"charset": "utf8mb4"},
        )
        return url.render_as_string(hide_password=False)

    def start(self) -> None:
        """Initialise the folder if it is new, start the server, and wait until it answers."""
        server = Server.find()
        self._tmp.mkdir(parents=True, exist_ok=True)
        self._socket_folder = tempfile.TemporaryDirectory(prefix="fashion-")
        if not (self._data / "mysql").exists():
            self._initialise(server)
        self._process.start(
            [
                server.mariadbd,
                *server.options(),
                f"--datadir={self._data}",
                f"--tmpdir={self._tmp}",
                f"--socket={self.socket}",
                f"--pid-file={self._tmp}/m.pid",
                f"--port={self.port}",
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--character-set-server=utf8mb4",
                "--collation-server=utf8mb4_bin",
                "--innodb-buffer-pool-size=64M",
                "--innodb-flush-log-at-trx-commit=1",
                "--performance-schema=OFF",
                "--max-connections=200",
            ],
            server.environment(),
        )
        self._process.wait_until(self._answers, seconds=START_SECONDS)
        self._keep_root_to_the_socket()
        self.execute(f"CREATE DATABASE IF NOT EXISTS `{self.name}`")

    def grant(self, user: str, *privileges: str) -> str:
        """Make the user with a new password and these privileges; return its URL.

        A privilege is written as in SQL, e.g. `SELECT ON products`.
        """
        password = secrets.token_urlsafe(18)
        account = f"'{user}'@'127.0.0.1'"
        self.execute(
            f"CREATE OR REPLACE USER {account} IDENTIFIED BY '{password}'",
            *(f"GRANT {privilege} TO {account}" for privilege in privileges),
        )
        return self.url_for(user, password)

    def execute(self, *statements: str) -> None:
        """Run statements as the owner."""
        with self._connect_as_root() as link, link.cursor() as cursor:
            for statement in statements:
                if statement.startswith("GRANT"):
                    cursor.execute(f"USE `{self.name}`")
                cursor.execute(statement)

    def stop(self) -> None:
        """Stop the server after it has written everything down."""
        self._process.stop()
        self._remove_socket()

    def kill(self) -> None:
        """End the server as a power cut would."""
        self._process.kill()
        self._remove_socket()

    def _remove_socket(self) -> None:
        if self._socket_folder is not None:
            self._socket_folder.cleanup()

    def _answers(self) -> bool:
        # pymysql leaves its socket open when nobody listens yet; so knock with one of our own.
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(self.socket)) != 0:
                return False
        try:
            self._connect_as_root().close()
        except pymysql.OperationalError:
            return False
        return True

    def _keep_root_to_the_socket(self) -> None:
        """Drop the accounts by which root, without a password, would be let in over TCP."""
        with self._connect_as_root() as link, link.cursor() as cursor:
            cursor.execute("SELECT Host FROM mysql.user WHERE User='root' AND Host<>'localhost'")
            for (host,) in cursor.fetchall():
                cursor.execute("DROP USER 'root'@%s", [host])

    def _connect_as_root(self) -> "pymysql.Connection[Cursor]":
        return pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True)

    def _initialise(self, server: Server) -> None:
        command: list[str | Path] = [
            server.basedir / "bin/mariadb-install-db",
            *server.options(),
            f"--datadir={self._data}",
            f"--tmpdir={self._tmp}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]
        subprocess.run(command, env=server.environment(), check=True, stdout=subprocess.DEVNULL)


def _unpack_packages(target: Path) -> None:
    """Fetch the server's Debian packages with lists and caches of our own, and unpack them."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NoDatabaseServerError(
            "No MariaDB here, and no apt-get to fetch it with: install mariadb-server-core."
        )
    downloads = LOCAL / "apt"
    (downloads / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    apt = [
        "apt-get",
        "--quiet",
        "--quiet",
        *("-o", f"Dir::State::Lists={downloads}/lists"),
        *("-o", f"Dir::Cache={downloads}"),
        *("-o", "Debug::NoLocking=1"),
        *("-o", "APT::Sandbox::User="),
    ]
    subprocess.run([*apt, "update"], check=True, cwd=downloads)
    subprocess.run([*apt, "download", *PACKAGES], check=True, cwd=downloads)
    unfinished = target.with_suffix(".partial")
    for package in downloads.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, unfinished], check=True)
    unfinished.rename(target)
    shutil.rmtree(downloads)
