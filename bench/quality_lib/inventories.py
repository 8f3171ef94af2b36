"""The packages of three distributions: what Palisade is given of them, and what the report asks."""

import gzip
import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile

from measure import DATA, records

INDEXES = DATA / "alpine" / "apkindex"
ALPINE = [INDEXES / "SYNTH-edge-main-x86_64-20260822.tar.gz",
          INDEXES / "SYNTH-edge-community-x86_64-20260822.tar.gz"]
GUIX = DATA / "guix" / "packages-d659fe8666c4.jsonl.zst"
HINTS = ("cpe-name", "cpe-vendor", "lint-hidden-cpe-vendors")
SUITES = "Types: deb-src\nURIs: http://deb.debian.org/debian\nSuites: bookworm\nComponents: main\n" \
         "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"


class Inventory:
    """A distribution's source packages, the arguments that give them to `palisade match`, and what
    Guix's packagers say of the CPE names of some."""

    def __init__(self, title, branch, files, names, hints=None):
        self.title, self.branch, self.files = title, branch, files
        self.names, self.hints = set(names), hints or {}

    def arguments(self):
        given = ["--branch", self.branch]
        for kind, path in self.files:
            given += ["--inventory", f"{kind}:{path}"]
        return given


def debian(folder):
    """Debian 12's source packages, by its index of them, which apt fetches into the folder."""
    folder = pathlib.Path(folder) / "debian"
    (folder / "lists" / "partial").mkdir(parents=True)
    written = folder / "debian.sources"
    written.write_text(SUITES)
    apt = ["apt-get", "-o", f"Dir::Etc::sourcelist={written}", "-o", "Dir::Etc::sourceparts=-",
           "-o", f"Dir::State::lists={folder}/lists", "-o", "Acquire::GzipIndexes=false"]
    try:
        subprocess.run([*apt, "update"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        named = subprocess.run([*apt, "indextargets", "--format", "$(FILENAME)", "Created-By: Sources"],
                               check=True, capture_output=True, text=True).stdout.split()
        text = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", *named], check=True,
                              capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"skipped: apt cannot fetch Debian's index of sources ({error})")
        sys.exit(0)
    index = folder / "Sources"
    index.write_bytes(text)
    names = re.findall(r"(?m)^Package: (\S+)", text.decode())
    return Inventory("Debian 12", "debian/12", [("dpkg", index)], names)


def alpine():
    """The origins of Alpine edge's main and community."""
    names = set()
    for path in ALPINE:
        # The index's members are compressed one by one, which gzip.decompress takes as one.
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(path.read_bytes())),
                          ignore_zeros=True) as archive:
            text = archive.extractfile("APKINDEX").read().decode()
        for paragraph in text.split("\n\n"):
            fields = dict(line.split(":", 1) for line in paragraph.splitlines() if ":" in line)
            if "P" in fields:
                names.add(fields.get("o", fields["P"]))
    return Inventory("Alpine edge", "alpine/edge", [("apkindex", path) for path in ALPINE], names)


def guix(folder):
    """Guix's packages without what they say of vulnerabilities: patches, and hints that hide some."""
    names, hints, written = set(), {}, pathlib.Path(folder) / "guix.jsonl"
    with open(written, "w", encoding="utf-8") as copy:
        for line in records(GUIX):
            package = json.loads(line)
            for one in filter(None, (package, package.get("replacement"))):
                forget_vulnerabilities(one)
            copy.write(json.dumps(package) + "\n")
            names.add(package["name"])
            own = {key: value for key, value in package["properties"].items() if key in HINTS}
            hints.setdefault(package["name"], own)
    return Inventory("Guix", "guix/master", [("guix_inventory", written)], names, hints)


def forget_vulnerabilities(package):
    if isinstance(package.get("source"), dict):
        package["source"].pop("patches", None)
    for name in [name for name in package.get("properties", {}) if name.startswith("lint-hidden-cve")]:
        del package["properties"][name]
