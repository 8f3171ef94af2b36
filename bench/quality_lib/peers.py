"""A peer from PyPI, run on the same packages and the same records of NVD: vulnix.

The report is about identity, and the peer judges versions too. So the records are handed to it with
every range made one that holds every version, and every package has version 1: what it finds then is
what it takes to be the product. Nothing of its own is changed."""

import collections
import json
import pathlib
import re

from measure import NVD, Run, mirror, peer

EVERY_VERSION = "99999999"


def of_every_version(record):
    """A record of NVD whose CPE names are those of every version, each once."""
    for configuration in record["cve"].get("configurations", []):
        for node in configuration["nodes"]:
            named = dict.fromkeys((without_version(row["criteria"]), row.get("vulnerable", True))
                                  for row in node["cpeMatch"])
            node["cpeMatch"] = [
                {"criteria": criteria, "vulnerable": vulnerable, "versionEndExcluding": EVERY_VERSION}
                for criteria, vulnerable in named]
    return record


def without_version(cpe):
    parts = re.split(r"(?<!\\):", cpe)
    parts[5:7] = "*", "*"
    return ":".join(parts)


def vulnix(folder, inventories):
    """The pairs that vulnix finds, by inventory; None where it cannot be installed."""
    folder = pathlib.Path(folder) / "vulnix"
    feeds = folder / "feeds"
    feeds.mkdir(parents=True)
    program = peer(folder)
    if program is None:
        return None
    address = mirror(feeds, NVD, of_every_version)
    return [found_by(program, address, folder, inventory) for inventory in inventories]


def found_by(program, address, folder, inventory):
    listing = folder / "packages.json"
    listing.write_text(json.dumps({name: {"name": f"{name}-1", "patches": []} for name in inventory.names}))
    # 2: it found something.
    output = Run([program, "--json", "-m", address, "-c", folder / "cache", "-f", listing]).ok(0, 2).output
    pairs = collections.defaultdict(set)
    for row in json.loads(output):
        for cve in row["affected_by"]:
            pairs[cve].add(row["name"].removesuffix("-1"))
    return pairs
