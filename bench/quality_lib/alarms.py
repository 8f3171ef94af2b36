"""How right alarms are: of what is called affected in a release of Debian, how much Debian's tracker says
of that release too.

The tracker knows what Debian has patched; the matcher, to which it is not given, cannot. So a fix that
came into the release later counts as right: the version as upstream made it had the fault. Wrong is what
the tracker has as fixed in an earlier version of upstream's, or leaves out for the release while it names
the package for another. What came into the release after the records were made, no record could tell: it
is counted apart."""

import collections
import functools
import json
import re
import subprocess

from measure import records

from .truths import DEBIAN

RELEASE = "Debian:12"
KERNELS = {"linux"}
# The last day of which each feed's records are.
DAYS = {"NVD": "2021-04-09", "CVE 5": "2024-10-24", "both": "2024-10-24"}
REVISION = re.compile(r"^(?:\d+:)?(.*?)(?:-[^-]*)?$")


class Tracker:
    """What Debian's tracker says of packages in one release and in others."""

    def __init__(self):
        self.fixed = {}
        self.elsewhere = set()
        self.notices = collections.defaultdict(list)

    def add(self, cve, package, ecosystem, fixed):
        if ecosystem == RELEASE:
            self.fixed[cve, package] = fixed
        else:
            self.elsewhere.add((cve, package))

    def add_notice(self, package, day, fixed):
        """A security notice for the release: which version of a package came on which day."""
        self.notices[package].append((day, fixed))

    def is_mended_later(self, cve, package, day):
        """Whether the fix came into the release after a day, as far as notices tell."""
        fixed = self.fixed.get((cve, package))
        later = [version for noticed, version in self.notices[package] if noticed > day]
        return fixed is not None and any(not is_earlier(fixed, version) for version in later)

    def was_affected(self, cve, package, version):
        """Whether upstream's version has the fault; None where the tracker does not know the pair."""
        if (cve, package) not in self.fixed:
            return False if (cve, package) in self.elsewhere else None
        fixed = self.fixed[cve, package]
        return fixed is None or not is_earlier(upstream(fixed), upstream(version))


def upstream(version):
    return REVISION.match(version)[1]


@functools.cache
def is_earlier(version, other):
    # A process for each pair takes milliseconds, and the same pairs come again and again.
    return version != other and subprocess.run(
        ["dpkg", "--compare-versions", version, "lt", other], check=False).returncode == 0


def debian():
    tracker = Tracker()
    for line in records(DEBIAN):
        record = json.loads(line)
        if record["id"].startswith(("DSA", "DLA", "DTSA")):
            for package, fixed in fixes(record, RELEASE):
                tracker.add_notice(package, record["published"][:10], fixed)
            continue
        names = [record["id"].removeprefix("DEBIAN-"), *record.get("aliases", [])]
        for affected in record["affected"]:
            package = affected.get("package", {})
            for name in names:
                if name.startswith("CVE-") and package.get("ecosystem", "").startswith("Debian:"):
                    tracker.add(name, package["name"], package["ecosystem"], fixed_in(affected))
    return tracker


def fixed_in(affected):
    events = [event for ranges in affected.get("ranges", []) for event in ranges.get("events", [])]
    return next((event["fixed"] for event in reversed(events) if "fixed" in event), None)


def fixes(notice, release):
    """Packages of a release and the versions in which a notice has them fixed."""
    for affected in notice["affected"]:
        package, fixed = affected.get("package", {}), fixed_in(affected)
        if fixed is not None and package.get("ecosystem") == release:
            yield package["name"], fixed


def rows(case, cves, tracker):
    """Of the CVEs of each feed: right, wrong and share by feed, kernel or not, and confidence."""
    for feed in cves:
        counts = collections.defaultdict(collections.Counter)
        for cve, package, pair, said in judged(case.found[feed], cves[feed], tracker, DAYS[feed]):
            counts[package in KERNELS, pair.alarm[0]][said] += 1
        for (kernel, confidence), count in sorted(counts.items()):
            share = count[True] / (count[True] + count[False] or 1)
            yield (f"{feed}, {'the kernel' if kernel else 'other packages'}", confidence,
                   str(count[True]), str(count[False]), f"{share:.3f}", str(count["later"]),
                   str(count[None]))


def judged(found, cves, tracker, day):
    """Each alarm with what the tracker says of it: right, wrong, mended later, or nothing."""
    for cve in sorted(cves):
        for package, pair in sorted(found.get(cve, {}).items()):
            if pair.alarm:
                said = tracker.was_affected(cve, package, pair.alarm[1])
                if said is False and tracker.is_mended_later(cve, package, day):
                    said = "later"
                yield cve, package, pair, said


HEAD = ("records, packages", "confidence", "right", "wrong", "share", "mended after the records",
        "not known to Debian")
