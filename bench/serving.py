"""What benchmarks of the server share: a process that serves, the pages to ask for, the load."""

import csv
import http.client
import io
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

from everything import BRANCHES

PAGES = 500


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A process that serves on a port, with what it has used."""

    def __init__(self, command, port, log):
        self.port = port
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"{command[0]} ended with status {self.process.returncode}")
                time.sleep(0.1)
        sys.exit(f"{command[0]} does not listen")

    def prepared(self):
        """Seconds until it says that it is ready."""
        started = time.monotonic()
        while time.monotonic() - started < 300:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", "/readyz")
            status = connection.getresponse().status
            connection.close()
            if status == 200:
                return time.monotonic() - started
            time.sleep(0.05)
        sys.exit("it never is ready")

    def cpu(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def get(self, path, headers=()):
        """Seconds to the first byte, body; any other answer than the page ends the measuring."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        started = time.monotonic()
        connection.request("GET", path, headers=dict(headers))
        response = connection.getresponse()
        first = time.monotonic() - started
        body = response.read()
        connection.close()
        if response.status != 200:
            sys.exit(f"{path} was answered with status {response.status}")
        return first, body

    def resident(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def rows_of(server, branch):
    _, body = server.get(f"/branch/{branch}.csv?status=open")
    return list(csv.DictReader(io.StringIO(body.decode())))


def segment(name):
    return urllib.parse.quote(name, safe="-._~+@:")


def addresses(server):
    """Pages of packages and of vulnerabilities, the same choice each time."""
    packages, vulnerabilities = set(), set()
    for branch in BRANCHES:
        distribution = branch.split("/")[0]
        for row in rows_of(server, branch):
            packages.add(f"/package/{distribution}/{segment(row['package'])}")
            vulnerabilities.add(f"/vulnerability/{segment(row['vulnerability'])}")
    choose = random.Random(1).sample
    return (choose(sorted(packages), min(PAGES, len(packages))),
            choose(sorted(vulnerabilities), min(PAGES, len(vulnerabilities))))


def wrk(port, paths, folder, seconds, more=""):
    """Requests a second, milliseconds under which 99 of 100 answers stay, errors; `more` is Lua."""
    script = pathlib.Path(folder) / "paths.lua"
    lines = ",\n".join(f'"{path}"' for path in paths)
    script.write_text(f"""
local paths = {{ {lines} }}
local at = 0
{more}
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
""")
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", "-s", script,
               f"http://127.0.0.1:{port}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
    milliseconds = float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    sockets = re.search(r"Socket errors: (.+)", output)
    told = (errors[1] if errors else "0") + (f", {sockets[1]}" if sockets else "")
    return rate, milliseconds, told
