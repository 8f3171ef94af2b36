"""Why a pair was missed, or is wrong, as far as a program can tell: the first kind that holds."""

import collections
import re

from .groups import LANGUAGES, family, is_kernel
from .scores import SURE

# Per kind: whose fault it is, and what would mend it.
MISSED = {
    "doubted": ("rules", "found, but only `possible`, because of its range or condition: identity was right"),
    "name alone": ("rules", "found, but only `possible`: the name and nothing else; an address or a row"),
    "other software": ("rules", "the name agrees, but the record says it is for other software (target_sw)"),
    "refused": ("rules", "the name agrees, and the rules refuse the vendor: companies, homonyms, siblings"),
    "spelling": ("rules", "the names differ in what divides or surrounds their words"),
    "language": ("rules", "the name agrees without the language that the distribution puts around it"),
    "version": ("rules", "the name agrees without the version in it"),
    "known product": ("table", "the product is mostly this package: a row in aliases.tsv"),
    "part of name": ("rules", "one name is part of the other; only a table can tell which are the same"),
    "vendor": ("table", "the vendor has the package's name, the product another"),
    "system": ("record", "the record names only operating systems or hardware"),
    "shared code": ("truth", "the record's own package was found; the truth also lists who carries its code"),
    "mentioned": ("record", "only the record's text or links name the package"),
    "not in record": ("truth", "nothing in the record leads to the package by any reading"),
}
WRONG = {
    "other version": ("truth", "the truth names another version of the package: php5 where this is php8.2"),
    "since renamed": ("truth", "the truth names only packages that the distribution no longer has"),
    "several products": ("truth", "the record names several products, and the truth one of the others"),
    "sibling": ("truth", "another package of the same product is in the truth, this one is not"),
    "silent": ("truth", "the product is otherwise this package; of this CVE the truth says another"),
    "name reused": ("rules", "the product is mostly not this package: another of that name"),
    "once": ("rules", "seen too seldom to tell: another of that name, or the truth is silent"),
}
# A product is known to be a package when at least this many CVEs say so, and half of all that name it.
ENOUGH = 2


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


class Known:
    """Of each product: which packages the truth says of CVEs that name it, over all of the half."""

    def __init__(self, records, truth):
        self.cves, self.said = collections.Counter(), collections.Counter()
        for record in records:
            packages = truth.get(record.cve)
            for product in products(record) if packages is not None else ():
                self.cves[product] += 1
                self.said.update((product, package) for package in packages)

    def is_mostly(self, product, package):
        said = self.said[product, package]
        return said >= ENOUGH and 2 * said >= self.cves[product]

    def is_seldom(self, product, package):
        return self.cves[product] >= 2 * ENOUGH and 5 * self.said[product, package] < self.cves[product]


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
    if any(known.is_mostly(product, package) for product in named):
        return "known product"
    if record.cpes and not record.words and all(cpe.part != "a" for cpe in record.cpes) \
            and not is_kernel(package):
        return "system"
    mentioned = is_named_in_text(record, package)
    if {other for other, its in found.items() if its.confidence in SURE} & truth:
        return "shared code"
    if any(part_of(normal(package), product) for _, product in named):
        return "part of name"
    if any(vendor in (normal(package), normal(family(package))) for vendor, _ in named):
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
