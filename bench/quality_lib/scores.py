"""How many pairs of a CVE and a package are right, wrong and missed, against a truth."""

import collections

from .groups import family, is_kernel

SURE = ("certain", "likely")


class Score:
    """Pairs right, wrong and missed among the CVEs that the truth knows, and pairs of other CVEs."""

    def __init__(self):
        self.right = self.wrong = self.missed = self.beyond = self.cves = 0

    def add(self, found, truth, names, undecided=frozenset()):
        if truth is None:
            self.beyond += len(found)
            return
        self.cves += 1
        self.right += len(found & truth)
        self.wrong += len(found - truth - undecided)
        self.missed += len((truth & names) - found)

    def precision(self):
        return self.right / (self.right + self.wrong or 1)

    def recall(self):
        return self.right / (self.right + self.missed or 1)

    def f1(self):
        precision, recall = self.precision(), self.recall()
        return 2 * precision * recall / (precision + recall or 1)


def sure(found):
    """The pairs that are certain or likely: what alarms people."""
    return {cve: {package for package, pair in pairs.items() if pair.confidence in SURE}
            for cve, pairs in found.items()}


def score(found, cves, truth, names):
    total = Score()
    for cve in cves:
        total.add(set(found.get(cve, ())), truth.get(cve), names, truth.undecided.get(cve, set()))
    return total


def score_without_kernel(found, cves, truth, names):
    """The same without kernels; a CVE that concerns nothing else is left out whole."""
    total = Score()
    for cve in cves:
        said = truth.get(cve)
        if said is not None and all(is_kernel(package) for package in said):
            continue
        kept = {package for package in found.get(cve, ()) if not is_kernel(package)}
        said = said and {package for package in said if not is_kernel(package)}
        total.add(kept, said, names, truth.undecided.get(cve, set()))
    return total


def score_families(found, cves, truth, names):
    """The same with the versions of a package as one: php5 and php8.2."""
    total = Score()
    families = {family(name) for name in names}
    for cve in cves:
        said = truth.get(cve)
        said = said and {family(package) for package in said}
        undecided = {family(package) for package in truth.undecided.get(cve, ())}
        total.add({family(package) for package in found.get(cve, ())}, said, families, undecided)
    return total


def by_time(found, cves, truth, names, time):
    """Scores by the time of which a CVE's number is."""
    times = collections.defaultdict(set)
    for cve in cves:
        times[time(cve)].add(cve)
    return {key: score(found, times[key], truth, names) for key in sorted(times)}


def year(cve):
    return cve[4:8]


def period(cve):
    """A few years each: until 2005, 2006 to 2010, and so on."""
    last = max(2005, -(-int(year(cve)) // 5) * 5)
    return "until 2005" if last == 2005 else f"{last - 4} to {last}"


def by_group(found, cves, truth, names, group):
    """Scores by the group of the package; a wrong pair counts where the package that was found is."""
    scores = collections.defaultdict(Score)
    for cve in cves:
        said, pairs = truth.get(cve), set(found.get(cve, ()))
        undecided = truth.undecided.get(cve, set())
        for package in pairs | ((said or set()) & names):
            one = {package}
            scores[group(package)].add(pairs & one, None if said is None else said & one, names, undecided)
    return scores


def reliability(found, cves, truth, of):
    """Of pairs on CVEs that the truth knows, by what `of` says of a pair: how many are right."""
    counts = collections.defaultdict(collections.Counter)
    for cve in cves:
        said = truth.get(cve)
        for package, pair in found.get(cve, {}).items() if said is not None else ():
            if package not in truth.undecided.get(cve, ()):
                counts[of(pair)][package in said] += 1
    return counts
