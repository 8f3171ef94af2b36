"""What the benchmarks share: measuring a command, the peer, and the table."""

import gzip
import http.server
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path(os.environ.get("PALISADE_SHARED_DATA", ROOT.parent / "shared" / "data"))
NVD = DATA / "vuln" / "nvd-2.0-converted-2021-04.jsonl.zst"
PEER = "vulnix==1.10.1"


class Run:
    """A finished command: CPU and wall seconds, peak memory in MiB, exit status, output.

    What a command prints counts to this process's memory, which those after it inherit: where it is
    much and nobody reads it, it is not kept.
    """

    def __init__(self, arguments, *, keep_output=True, **options):
        kept = tempfile.TemporaryFile() if keep_output else open(os.devnull, "w+b")
        with kept as output, tempfile.TemporaryFile() as errors:
            started = time.monotonic()
            process = subprocess.Popen(
                [str(argument) for argument in arguments], stdout=output, stderr=errors, **options)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.wall = time.monotonic() - started
            self.cpu = usage.ru_utime + usage.ru_stime
            self.memory = usage.ru_maxrss / 1024
            self.status = process.returncode
            output.seek(0)
            self.output = output.read().decode(errors="replace")
            errors.seek(0)
            self.errors = errors.read().decode(errors="replace")

    def ok(self, *statuses):
        if self.status not in (statuses or (0,)):
            sys.exit(f"a measured command failed with status {self.status}: "
                     f"{self.errors[-500:]}")
        return self


def need(path):
    """Ends with one clear line where the real data is not beside the repository."""
    if not path.exists():
        print(f"skipped: there is no {path.name}; set PALISADE_SHARED_DATA to the data's folder")
        sys.exit(0)
    return path


def build(*targets):
    """Builds in release mode and gives the folder of the results."""
    subprocess.run(["cargo", "build", "--release", "--quiet", *targets], cwd=ROOT, check=True)
    folder = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return pathlib.Path(folder) / "release"


def peer(folder):
    """Installs the peer from PyPI into a virtual environment; None when it cannot be had."""
    environment = pathlib.Path(folder) / "peer"
    try:
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run(
            [environment / "bin" / "pip", "install", "--quiet", PEER, "setuptools<80"], check=True)
    except subprocess.CalledProcessError as error:
        print(f"the peer {PEER} cannot be installed: {error}", file=sys.stderr)
        return None
    return environment / "bin" / "vulnix"


def records(path):
    """The lines of a zstd file."""
    with subprocess.Popen(["zstd", "-dc", "--long=27", path], stdout=subprocess.PIPE) as process:
        yield from process.stdout


def old_format(record):
    """A record of NVD's API 2.0 in the shape of the year feeds 1.1, as far as the peer reads it."""
    cve = record["cve"]
    item = {
        "cve": {
            "CVE_data_meta": {"ID": cve["id"]},
            "description": {"description_data": cve.get("descriptions", [])},
        },
        "configurations": {"nodes": []},
        "impact": {},
    }
    for configuration in cve.get("configurations", []):
        for node in configuration["nodes"]:
            matches = [dict(row, cpe23Uri=row["criteria"]) for row in node["cpeMatch"]]
            item["configurations"]["nodes"].append(
                {"operator": node["operator"], "cpe_match": matches})
    return item


def write_years(folder, path, change):
    """Writes the feed, each record changed, as the six year files for which the peer asks."""
    years = [time.gmtime().tm_year - back for back in range(6)]
    items = {year: [] for year in years}
    for index, line in enumerate(records(path)):
        items[years[index % 6]].append(json.dumps(old_format(change(json.loads(line)))))
    for year, texts in items.items():
        document = '{"CVE_Items":[' + ",".join(texts) + "]}"
        name = pathlib.Path(folder) / f"nvdcve-1.1-{year}.json.gz"
        name.write_bytes(gzip.compress(document.encode(), 1))


def mirror(folder, path, change=lambda record: record):
    """Serves the feed as the peer wants it, each record changed first.

    A process of its own writes the files: a measured command would inherit this one's peak memory.
    """
    writer = multiprocessing.Process(target=write_years, args=(folder, path, change))
    writer.start()
    writer.join()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def table(rows):
    """Prints rows of texts under each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
