"""How right alarms are: of what is called affected in a release of Debian, how much Debian's tracker says
of that release too.

The tracker knows what Debian has patched; the matcher, to which it is not given, cannot. So a fix that
came into the release later counts as right: the version as upstream made it had the fault. Wrong is what
the tracker has as fixed in an earlier version of upstream's, or leaves out for the release while it names
the package for another."""

import collections
import json
import re
import subprocess

from measure import records

from .truths import DEBIAN

RELEASE = "Debian:12"
KERNELS = {"linux"}
REVISION = re.compile(r"^(?:\d+:)?(.*?)(?:-[^-]*)?$")


class Tracker:
    """What Debian's tracker says of packages in one release and in others."""

    def __init__(self):
        self.fixed = {}
        self.elsewhere = set()

    def add(self, cve, package, ecosystem, fixed):
        if ecosystem == RELEASE:
            self.fixed[cve, package] = fixed
        else:
            self.elsewhere.add((cve, package))

    def was_affected(self, cve, package, version):
        """Whether upstream's version has the fault; None where the tracker does not know the pair."""
        if (cve, package) not in self.fixed:
            return False if (cve, package) in self.elsewhere else None
        fixed = self.fixed[cve, package]
        return fixed is None or not is_earlier(upstream(fixed), upstream(version))


def upstream(version):
    return REVISION.match(version)[1]


def is_earlier(version, other):
    return version != other and subprocess.run(
        ["dpkg", "--compare-versions", version, "lt", other], check=False).returncode == 0


def debian():
    tracker = Tracker()
    for line in records(DEBIAN):
        record = json.loads(line)
        if record["id"].startswith(("DSA", "DLA", "DTSA")):
            continue
        names = [record["id"].removeprefix("DEBIAN-"), *record.get("aliases", [])]
        for affected in record["affected"]:
            package = affected.get("package", {})
            events = [event for ranges in affected.get("ranges", []) for event in ranges.get("events", [])]
            fixed = [event["fixed"] for event in events if "fixed" in event]
            for name in names:
                if name.startswith("CVE-") and package.get("ecosystem", "").startswith("Debian:"):
                    tracker.add(name, package["name"], package["ecosystem"], fixed[-1] if fixed else None)
    return tracker


def rows(case, feeds, tracker):
    """Of the half that is reported on: right, wrong and share by feed, kernel or not, and confidence."""
    for feed in ("NVD", "CVE 5", "both"):
        counts = counted(case.found[feed], feeds.cves[feed], tracker)
        for (kernel, confidence), count in sorted(counts.items()):
            share = count[True] / (count[True] + count[False] or 1)
            yield (f"{feed}, {'the kernel' if kernel else 'other packages'}", confidence,
                   str(count[True]), str(count[False]), f"{share:.3f}", str(count[None]))


def counted(found, cves, tracker):
    counts = collections.defaultdict(collections.Counter)
    for cve in cves:
        for package, pair in found.get(cve, {}).items():
            if pair.alarm:
                confidence, version = pair.alarm
                right = tracker.was_affected(cve, package, version)
                counts[package in KERNELS, confidence][right] += 1
    return counts


HEAD = ("records, packages", "confidence", "right", "wrong", "share", "not known to Debian")
