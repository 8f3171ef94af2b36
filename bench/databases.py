"""The databases that benchmarks load: a file of SQLite, or one of a PostgreSQL server that
PALISADE_TEST_POSTGRES names; `cargo xtask postgres bench/…` starts one and names it."""

import os
import pathlib
import subprocess
import urllib.parse

SERVER = os.environ.get("PALISADE_TEST_POSTGRES")


class Sqlite:
    """A file in a folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.address = self.folder / "bench.sqlite"

    def size(self):
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("bench.sqlite*"))

    def server_cpu(self):
        """There is no server: whoever asks does the work."""
        return 0.0

    def drop(self):
        """It goes with its folder."""


class Postgres:
    """A new database of a server."""

    NAME = "palisade_bench"

    def __init__(self, server):
        self.server = server
        self.address = urllib.parse.urlsplit(server)._replace(path=f"/{self.NAME}").geturl()
        self.drop()
        self._ask(f"CREATE DATABASE {self.NAME}")

    def _ask(self, statement):
        command = ["psql", "--quiet", "--tuples-only", "--no-align", self.server, "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def size(self):
        """Bytes on disk."""
        return int(self._ask(f"SELECT pg_database_size('{self.NAME}')"))

    def server_cpu(self):
        """CPU seconds of all PostgreSQL server processes so far, those that ended included."""
        ticks = os.sysconf("SC_CLK_TCK")
        total = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)
            except OSError:
                continue
            if "postgres" in fields[0]:
                total += sum(int(value) for value in fields[1].split()[11:15])
        return total / ticks

    def drop(self):
        self._ask(f"DROP DATABASE IF EXISTS {self.NAME}")
