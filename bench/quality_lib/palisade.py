"""Pairs of a CVE and a source package by `palisade match`, with how sure it is and why."""

import collections
import json
import re

from measure import Run

ORDER = ("possible", "likely", "certain")
# What identity rests on, by the words in which evidence says so.
HOW = [(re.compile(pattern), name) for pattern, name in (
    (r"the packager of .* names this product", "hint of the packager"),
    (r".* is known to be (?P<product>.*)", "table of aliases"),
    (r"(?P<product>.*) is partly made of the code of .*", "shared code"),
    (r"the source of .* comes from .*, which the record names", "repository"),
    (r"the source of .* is (?P<product>.*)", "source in an ecosystem"),
    (r"the name .* is how the distribution calls (?P<product>.*)", "prefix of an ecosystem"),
    (r"another distributor's package (?P<product>\S+) ", "another distributor's list"),
    (r".* has the name of (?P<product>.*), and its addresses vouch", "name, vouched for"),
    (r".* has the name of (?P<product>.*), a name that no other", "name that is no ordinary word"),
    (r".* has the name of (?P<product>.*); nothing else", "name alone"),
)]


class Pair:
    """What was found of one CVE in one package: how sure it is that this is the product, and why; and
    the version that is called affected, with how sure that is."""

    __slots__ = ("confidence", "how", "product", "alarm")

    def __init__(self, confidence, evidence):
        said = {step["kind"]: step["says"] for step in reversed(evidence)}
        self.confidence = confidence
        self.how, self.product = read_identity(said.get("identity", ""))
        self.alarm = None


def read_identity(says):
    for pattern, name in HOW:
        if match := pattern.match(says):
            return name, match.groupdict().get("product") or ""
    return says, ""


def found_by(palisade, inventory, feeds):
    """By CVE and source package, the surest pair of all versions of the package."""
    command = [palisade, "match", "--format", "jsonl", *inventory.arguments()]
    for kind, path in feeds:
        command += ["--feed", f"{kind}:{path}"]
    found = collections.defaultdict(dict)
    # 1: it found something.
    for line in Run(command).ok(0, 1).output.splitlines():
        row = json.loads(line)
        # Nothing where no record, but the package itself names the vulnerability.
        if row["identity"] is None:
            continue
        pair = Pair(row["identity"], row["evidence"])
        if row["verdict"] == "affected":
            pair.alarm = row["confidence"], row["version"]
        for name in {row["vulnerability"], *row["aliases"]}:
            if name.startswith("CVE-"):
                known = found[name].get(row["source_package"])
                if known is None or ORDER.index(known.confidence) < ORDER.index(pair.confidence):
                    found[name][row["source_package"]] = pair
    return found
