"""What people of three distributions have said: which of their packages a CVE concerns.

A truth maps CVEs to source packages. `undecided` holds pairs that it names without saying that the
package is the product; they count neither as right nor as wrong."""

import collections
import gzip
import json
import re
import subprocess
import tarfile

from measure import DATA, records

DEBIAN = DATA / "vuln" / "osv-debian-2025-02.jsonl.zst"
SECDB = DATA / "vuln" / "alpine-secdb-2025-01.tar.zst"
SECDB_LATER = DATA / "alpine" / "secdb"
COMMITS = DATA / "guix" / "cve-commits.jsonl.gz"
CVE = re.compile(r"CVE-\d{4}-\d{4,}")


class Truth:
    def __init__(self):
        self.pairs = collections.defaultdict(set)
        self.undecided = collections.defaultdict(set)

    def get(self, cve):
        """The packages of a CVE; None where the truth does not know it."""
        return self.pairs.get(cve)


def debian():
    """Debian's tracker, whose security team lists every package that carries the code."""
    truth = Truth()
    for line in records(DEBIAN):
        record = json.loads(line)
        if record["id"].startswith(("DSA", "DLA", "DTSA")):
            continue
        names = [record["id"].removeprefix("DEBIAN-"), *record.get("aliases", []),
                 *record.get("upstream", [])]
        for affected in record["affected"]:
            package = affected.get("package", {})
            if package.get("ecosystem", "").startswith("Debian"):
                for name in names:
                    if name.startswith("CVE-"):
                        truth.pairs[name].add(package["name"])
    return truth


def alpine():
    """Alpine's security database of all branches: what was fixed. A fix in version 0 says that the
    package is not affected, which may mean that it is not the product."""
    truth = Truth()
    for document in secdb_documents():
        for entry in document.get("packages") or []:
            for version, lines in entry["pkg"]["secfixes"].items():
                for line in lines or []:
                    add_fix(truth, entry["pkg"]["name"], version, line)
    for cve, packages in truth.undecided.items():
        packages -= truth.pairs.get(cve, set())
    return truth


def add_fix(truth, package, version, line):
    for cve in CVE.findall(line):
        (truth.undecided if version == "0" else truth.pairs)[cve].add(package)


def secdb_documents():
    with subprocess.Popen(["zstd", "-dc", "--long=27", SECDB], stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            for member in archive:
                if member.name.endswith(".json"):
                    yield json.load(archive.extractfile(member))
    for path in sorted(SECDB_LATER.glob("*.json")):
        yield json.loads(path.read_text())


def guix(names):
    """Commits of Guix that name CVEs and one package, by the name that the package has now."""
    truth = Truth()
    with gzip.open(COMMITS, "rt", encoding="utf-8") as lines:
        for line in lines:
            commit = json.loads(line)
            packages = {guix_name(said, names) for said in commit["packages"]}
            for cve in commit["cves"]:
                if len(packages) == 1 and None not in packages:
                    truth.pairs[cve] |= packages
    return truth


def guix_name(said, names):
    """The package that a commit calls `OpenSSL`, `openssl@1.1`, `openssl-1.1` or `openssl/fixed`."""
    plain = re.sub(r"[@/].*", "", said).lower().replace("_", "-").replace(" ", "-")
    for name in (said, plain, re.sub(r"-fixed$", "", plain), re.sub(r"-[\d.]+$", "", plain)):
        if name in names:
            return name
    return None
