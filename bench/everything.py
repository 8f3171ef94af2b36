"""All feeds and inventories that benchmarks load at once."""

from measure import DATA, NVD, Run, need

FEEDS = [
    ("nvd", NVD, []),
    ("cve5", DATA / "vuln" / "cve5-vulnrichment-2024-10.jsonl.zst", []),
    ("osv", DATA / "vuln" / "osv-debian-2025-02.jsonl.zst", []),
    ("osv", DATA / "vuln" / "osv-alpine-2025-02.jsonl.zst", []),
    ("osv", DATA / "vuln" / "osv-go-2026-08.jsonl.zst", []),
    ("osv", DATA / "vuln" / "osv-pypa-2024-10.jsonl.zst", []),
    ("secdb", DATA / "vuln" / "alpine-secdb-2025-01.tar.zst", []),
]
INDEXES = DATA / "alpine" / "apkindex"
INVENTORIES = [
    ("guix_inventory", DATA / "guix" / "packages-d659fe8666c4.jsonl.zst", ["--branch", "guix/master"]),
    ("apkindex", INDEXES / "APKINDEX-v3.17-main-aarch64-20230527.tar.gz",
     ["--branch", "alpine/v3.17", "--repository", "main"]),
    ("apkindex", INDEXES / "SYNTH-edge-main-x86_64-20260822.tar.gz",
     ["--branch", "alpine/edge", "--repository", "main"]),
    ("apkindex", INDEXES / "SYNTH-edge-community-x86_64-20260822.tar.gz",
     ["--branch", "alpine/edge", "--repository", "community"]),
]
BRANCHES = ["guix/master", "alpine/v3.17", "alpine/edge"]


def load(palisade, database):
    """Imports all of it into a database."""
    for _, path, _ in FEEDS + INVENTORIES:
        need(path)
    for kind, path, more in FEEDS + INVENTORIES:
        Run([palisade, "--database", database, "import", kind, path, *more]).ok()
