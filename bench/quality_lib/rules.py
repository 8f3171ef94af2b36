"""Which packages simpler rules find in a record: bare equality of names, and the rules of two peers,
with their faults, as their sources have them."""

import re


def bare_names(record, inventory):
    """Every package that is called just as a product of the record."""
    found = {cpe.product for cpe in record.cpes} | {name.lower() for _, name in record.words}
    return found & inventory.names


class GuixLint:
    """`guix lint -c cve` of Guix 1.5.0 without its ranges.

    It reads the first configuration alone, applications alone, vulnerable or not, the first CPE name
    of a node that says AND, and takes names with their escapes. A second range of a product makes it
    forget all other products seen so far, and so does, within a node, a range that is everything."""

    APPLICATION = re.compile(r"cpe:2\.3:a:([^:]+):([^:]+):([^:]+):([^:]+):")

    def __init__(self, inventory):
        self.packages = {}
        for name in inventory.names:
            hints = inventory.hints.get(name, {})
            self.packages.setdefault(hints.get("cpe-name", name), []).append((name, hints))

    def __call__(self, record, _):
        products = self.products(record.configurations[0] if record.configurations else [])
        vendors = [vendor for vendor, _ in products]
        return {name for _, product in products for name, hints in self.packages.get(product, ())
                if self.is_vendor_of(hints, vendors)}

    def products(self, nodes):
        merged = []
        for node in nodes:
            for vendor, product in self.of_node(node):
                previous = next((known for other, known in merged if other == vendor), None)
                merged = [(vendor, product), *([] if previous == product else merged)]
        return merged

    def of_node(self, node):
        found = []
        read = [(self.APPLICATION.match(cpe.raw), cpe.bounded) for cpe in node.cpes]
        read = [(name, bounded) for name, bounded in read if name]
        for name, bounded in read[:1] if node.operator == "AND" else read:
            is_any = name[3] == "*" and not bounded
            found = [(name[1], name[2]), *([] if is_any else found)]
        return found

    @staticmethod
    def is_vendor_of(hints, vendors):
        wanted = hints.get("cpe-vendor")
        if wanted:
            return wanted in vendors
        hidden = hints.get("lint-hidden-cpe-vendors") or []
        return any(vendor not in hidden for vendor in vendors)


# Where a distribution puts the language of a library into its name, in the words of `target_sw`.
LANGUAGES = {
    "alpine": {"python": "py3-{}", "ruby": "ruby-{}", "perl": "perl-{}", "lua": "lua-{}"},
    "debian": {"python": "python-{}", "ruby": "ruby-{}", "perl": "lib{}-perl", "lua": "lua-{}"},
    "guix": {"python": "python-{}", "ruby": "ruby-{}", "perl": "perl-{}", "lua": "lua-{}"},
}
SHARED = {"visual_studio_code": "vscode-{}", "node.js": "node-{}", "go": "go-{}", "wordpress": "wordpress-{}"}
REWRITTEN = {("facebook", "zstandard"): "zstd", ("mozilla", "network_security_services"): "nss",
             ("google", "chrome"): "chromium", ("zabbix", "zabbix_server"): "zabbix",
             ("isaacs", "tar"): "node-tar", ("yaml_project", "yaml"): "go-yaml",
             ("golang", "protobuf"): "go-protobuf", ("python", "urllib3"): "py3-urllib3"}
# What its production calls as Alpine does, by the names of the others.
DEBIANS = {"zstd": "libzstd", "go-yaml": "golang-yaml.v2", "go-protobuf": "golang-goprotobuf",
           "py3-urllib3": "python-urllib3"}
GUIXS = {"go-yaml": "go-gopkg-in-yaml-v2", "go-protobuf": "go-github-com-golang-protobuf",
         "py3-urllib3": "python-urllib3", "chromium": "ungoogled-chromium"}
PREFIXED = ("apache", "adobe", "samsung", "cygwin", "cloudflare", "foxitsoftware")
EXCLUDED = ("alpine-base", "build-base", "bridge", "docs")


class SecfixesTracker:
    """secfixes-tracker's importer with the rules of its production, other distributions' names put for
    Alpine's: the first node of the first configuration, vulnerable or not, escapes kept."""

    def __init__(self, inventory):
        self.distribution = inventory.branch.split("/")[0]
        self.languages = LANGUAGES[self.distribution] | SHARED
        if self.distribution == "debian":
            self.languages = self.languages | {"go": "golang-{}"}

    def __call__(self, record, inventory):
        first = record.configurations[0][0].cpes if record.configurations else []
        found = {self.name(cpe) for cpe in first}
        return (found & inventory.names) - set(EXCLUDED)

    def name(self, cpe):
        parts = cpe.raw.split(":")
        vendor, target = parts[3], parts[10] if len(parts) > 10 else "*"
        name = self.languages.get(target, "{}").format(cpe.rough)
        if vendor in ("jenkins", "nodejs"):
            name = vendor
        elif vendor in PREFIXED:
            name = f"{vendor}-{name}"
        elif (vendor, cpe.rough) in REWRITTEN:
            name = self.own_name(REWRITTEN[vendor, cpe.rough])
        return name.replace("_", "-").lower()

    def own_name(self, alpines):
        return {"debian": DEBIANS, "guix": GUIXS}.get(self.distribution, {}).get(alpines, alpines)
