"""Records of NVD and of the CVE programme, as far as they say which products are concerned."""

import hashlib
import json
import re

from measure import DATA, NVD, records

CVE5 = DATA / "vuln" / "cve5-vulnrichment-2024-10.jsonl.zst"


def to_work_on(cve):
    """CVEs fall by a hash of their number into a half to work on and one that is only reported on."""
    return hashlib.sha256(cve.encode()).digest()[0] < 128


def unescaped(text):
    return re.sub(r"\\(.)", r"\1", text)


class Cpe:
    """A CPE name, of 2.3 or in the older form of an address (`cpe:/a:gnu:bash:5.2`); `rough` is the
    product as a split at every colon gives it, escapes kept."""

    __slots__ = ("raw", "part", "vendor", "product", "target", "rough", "vulnerable", "bounded")

    def __init__(self, raw, vulnerable=True, bounded=False):
        parts = re.split(r"(?<!\\):", raw.replace("cpe:/", "cpe:2.2:", 1))
        parts += ["*"] * (13 - len(parts))
        self.raw, self.vulnerable, self.bounded = raw, vulnerable, bounded
        self.part, self.vendor, self.product = parts[2], unescaped(parts[3]), unescaped(parts[4])
        self.target = parts[10]
        self.rough = raw.split(":")[4] if raw.count(":") > 3 else ""


class Node:
    """A node of a configuration: its operator and its CPE names."""

    __slots__ = ("operator", "cpes")

    def __init__(self, node):
        self.operator = node.get("operator", "OR")
        self.cpes = [Cpe(row["criteria"], row.get("vulnerable", True),
                         any(key.startswith("version") for key in row))
                     for row in node["cpeMatch"]]


class Record:
    """What one record says: products by CPE name, products in words, and its text and links."""

    __slots__ = ("cve", "configurations", "cpes", "words", "raw_text", "links")

    def __init__(self, cve, configurations=(), cpes=(), words=(), raw_text="", links=()):
        self.cve, self.configurations, self.cpes = cve, configurations, cpes
        self.words, self.raw_text, self.links = words, raw_text, links

    def text(self):
        return " ".join([self.raw_text, *self.links]).lower()


def of_nvd(record):
    cve = record["cve"]
    configurations = [[Node(node) for node in configuration["nodes"]]
                      for configuration in cve.get("configurations", [])]
    cpes = [cpe for nodes in configurations for node in nodes for cpe in node.cpes if cpe.vulnerable]
    text = " ".join(it["value"] for it in cve.get("descriptions", []) if it.get("lang") == "en")
    return Record(cve["id"], configurations, cpes, (), text,
                  [it["url"] for it in cve.get("references", [])])


def of_cve5(record):
    containers = record["containers"]
    cpes, words, links = [], [], []
    for container in [containers.get("cna", {}), *containers.get("adp", [])]:
        links += [it["url"] for it in container.get("references", []) if "url" in it]
        for affected in container.get("affected", []):
            cpes += [Cpe(cpe) for cpe in affected.get("cpes", [])]
            for name in (affected.get("product"), affected.get("packageName")):
                if name and name.lower() != "n/a":
                    words.append((affected.get("vendor") or "", name))
    descriptions = containers.get("cna", {}).get("descriptions", [])
    text = " ".join(it["value"] for it in descriptions if it.get("lang", "en").startswith("en"))
    return Record(record["cveMetadata"]["cveId"], (), cpes, words, text, links)


def read_nvd():
    """Records that name a product."""
    for line in records(NVD):
        record = of_nvd(json.loads(line))
        if any(node.cpes for nodes in record.configurations for node in nodes):
            yield record


def read_cve5():
    """Published records that name a product."""
    for line in records(CVE5):
        record = json.loads(line)
        if record["cveMetadata"]["state"] == "PUBLISHED":
            found = of_cve5(record)
            if found.words or found.cpes:
                yield found
