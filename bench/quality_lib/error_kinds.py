"""Why a pair was missed, or is wrong, as far as a program can tell: the first kind that holds."""

import collections
import re

from .groups import LANGUAGES, family, is_kernel
from .scores import SURE

# Per kind: whose fault it is, what it is, and what would mend it. What is the record's fault or the
# truth's cannot be told from what the record says of products.
MISSED = {
    "doubted": ("rules", "found as `possible`, with more than the name", "a row"),
    "name alone": ("rules", "found as `possible`, by the name and nothing else", "a row, or an address that vouches"),
    "other software": ("rules", "the record's `target_sw` speaks of other software", "reading it as a language"),
    "refused": ("rules", "the names agree, the vendor is refused", "a row"),
    "spelling": ("rules", "the names differ in what divides their words", "a spelling rule"),
    "language": ("rules", "the names agree but for the language's prefix", "the repository in the links"),
    "version": ("rules", "the names agree but for a version", "stripping it"),
    "known product": ("table", "the product is mostly this package, by another name", "a row"),
    "part of name": ("table", "one name is part of the other", "a row, where they are the same"),
    "vendor": ("table", "the vendor is called like the package, the product otherwise", "a row"),
    "system": ("record", "the record names operating systems or hardware only", "other feeds"),
    "mentioned": ("record", "only text or links of the record name the package", "reading them, as `possible`"),
    "shared code": ("truth", "the record's package was found, this one carries its code", "lists of copies"),
    "not in record": ("truth", "nothing in the record leads to the package", "other feeds"),
}
WRONG = {
    "other version": ("truth", "the truth names another version of the package", "nothing: the range decides"),
    "since renamed": ("truth", "the truth names only packages that are gone", "nothing"),
    "several products": ("truth", "the record names several products, the truth one", "other feeds"),
    "sibling": ("truth", "the truth names another package of the same product", "rows that say which"),
    "silent": ("truth", "the product is this package, the truth names another for this CVE", "other feeds"),
    "name reused": ("rules", "the product is mostly not this package", "a row in homonyms.tsv"),
    "once": ("rules", "seen too seldom to tell", "looking at it"),
}
# A product is known to be a package when at least this many CVEs say so, and two in three that name it.
ENOUGH = 2
# A record that names more projects than these is of a library that all of them carry.
FEW = 5
# Makers of whole systems: that a record names theirs says where else a fault is, not where it is from.
SYSTEMS = set("apple canonical debian enterprise-linux fedora fedoraproject gentoo linuxmint mandriva "
              "mandrakesoft microsoft netapp novell openbsd opensuse opensuse-project rdo red-hat redhat "
              "slackware sun suse trustix turbolinux ubuntu oracle:linux oracle:solaris".split())
SYSTEMS_PROJECTS = ("cups", "libvirt", "safari", "webkit")


def normal(name):
    return re.sub(r"[^a-z0-9+]+", "-", name.lower()).strip("-")


def letters(name):
    return re.sub(r"[^a-z0-9+]", "", name.lower())


def without_language(package):
    for pattern in LANGUAGES.values():
        if match := re.match(pattern, package):
            if match.end() < len(package):
                return package[match.end():]
            return re.sub(r"^lib|-(perl|java)$", "", package)
    return package


def products(record):
    """Vendor and product in the record's own spelling, vulnerable ones of any part."""
    named = {(normal(cpe.vendor), normal(cpe.product)) for cpe in record.cpes}
    return named | {(normal(vendor), normal(name)) for vendor, name in record.words}


def projects(record):
    """The products that are no whole system, nor part of one."""
    systems = {(normal(cpe.vendor), normal(cpe.product)) for cpe in record.cpes
               if cpe.part != "a" and cpe.product != "linux_kernel"}
    return {(vendor, name) for vendor, name in products(record) - systems
            if name in SYSTEMS_PROJECTS or not {vendor, f"{vendor}:{name}"} & SYSTEMS}


class Known:
    """Of each product: which packages the truth says of CVEs that name it, over all of the half.
    Versions of a package count as one."""

    def __init__(self, records, truth):
        self.cves, self.said = collections.Counter(), collections.Counter()
        for record in records:
            packages = truth.get(record.cve)
            for product in projects(record) if packages is not None else ():
                self.cves[product] += 1
                self.said.update((product, name) for name in {family(package) for package in packages})

    def is_mostly(self, product, package):
        said = self.said[product, family(package)]
        return said >= ENOUGH and 3 * said >= 2 * self.cves[product]

    def is_seldom(self, product, package):
        return self.cves[product] >= 2 * ENOUGH and 5 * self.said[product, family(package)] < self.cves[product]


def is_named_in_text(record, package):
    names = {package, family(package), without_language(package)}
    return any(len(name) > 2 and re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", record.text())
               for name in names)


def missed_kind(record, package, truth, found, known):
    """Why a package that the truth names was not found in a record."""
    pair = found.get(package)
    if pair is not None:
        return "name alone" if pair.how == "name alone" else "doubted"
    named = products(record)
    if kind := agreement(record, package, named):
        return kind
    if any(known.is_mostly(product, package) for product in projects(record)):
        return "known product"
    if record.cpes and not record.words and all(cpe.part != "a" for cpe in record.cpes) \
            and not is_kernel(package):
        return "system"
    mentioned = is_named_in_text(record, package)
    if {other for other, its in found.items() if its.confidence in SURE} & truth:
        return "shared code"
    if any(part_of(normal(package), product) for _, product in projects(record)):
        return "part of name"
    if any(vendor in (normal(package), normal(family(package))) for vendor, _ in projects(record)):
        return "vendor"
    return "mentioned" if mentioned else "not in record"


def agreement(record, package, named):
    """How a name of the record agrees with the package's, if one does."""
    own, names = normal(package), {product for _, product in named}
    if own in names:
        cpes = [cpe for cpe in record.cpes if normal(cpe.product) == own]
        if cpes and all(cpe.target not in ("*", "-") for cpe in cpes):
            return "other software"
        return "refused"
    if letters(own) in {letters(name) for name in names}:
        return "spelling"
    if {normal(without_language(package)), re.sub(r"^lib", "", own)} & names:
        return "language"
    if normal(family(package)) in names:
        return "version"
    return None


def part_of(one, other):
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) > 2 and re.search(rf"(^|-){re.escape(shorter)}(-|\d|$)", longer) is not None


def wrong_kind(record, package, truth, found, known, names):
    """Why a package was found in a record of which the truth names others."""
    if family(package) in {family(other) for other in truth}:
        return "other version"
    product = led_by(record, found[package])
    right = {other for other, its in found.items() if its.confidence in SURE} & truth
    if any(led_by(record, found[other]) == product for other in right):
        return "sibling"
    if any(known.is_mostly(it, package) for it in product):
        return "several products" if right else "silent"
    if not truth & names:
        return "since renamed"
    if right and len(products(record)) > 1:
        return "several products"
    return "name reused" if any(known.is_seldom(it, package) for it in product) else "once"


def led_by(record, pair):
    """The products of the record on which a pair rests, as far as its evidence names them."""
    said = pair.product.split(":")
    wanted = normal(said[-1])
    return frozenset(it for it in products(record) if it[1] == wanted) or frozenset({("", pair.how)})


def classify(records, found, truth, names):
    """Missed and wrong pairs of the records, by kind: lists of record, package."""
    missed, wrong = collections.defaultdict(list), collections.defaultdict(list)
    known = Known(records, truth)
    for record in records:
        said = truth.get(record.cve)
        if said is None:
            continue
        pairs = found.get(record.cve, {})
        sure = {package for package, pair in pairs.items() if pair.confidence in SURE}
        for package in sorted((said & names) - sure):
            missed[missed_kind(record, package, said, pairs, known)].append((record, package))
        for package in sorted(sure - said - truth.undecided.get(record.cve, set())):
            wrong[wrong_kind(record, package, said, pairs, known, names)].append((record, package))
    return missed, wrong


def rows_that_would_mend(records, missed, truth):
    """Product and package that a row of the table would join: how many missed pairs of the half would
    be found, and of how many CVEs that name the product the truth does not name the package."""
    gained = collections.Counter()
    for kind in ("known product", "part of name", "vendor", "mentioned", "not in record"):
        for record, package in missed[kind]:
            named = projects(record)
            gained.update((product, package) for product in named if len(named) <= FEW)
    others, wanted = collections.Counter(), {product for product, _ in gained}
    packages_of = collections.defaultdict(set)
    for product, package in gained:
        packages_of[product].add(package)
    for record in records:
        said = truth.get(record.cve)
        for product in projects(record) & wanted if said is not None else ():
            others.update((product, package) for package in packages_of[product] - said)
    return [(count, others[pair], *pair) for pair, count in gained.most_common()
            if count >= ENOUGH and count > others[pair]]
