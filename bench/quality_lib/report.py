"""Puts what was measured into tables, and prints them as text or as Markdown."""

import collections

from measure import table

from . import alarms, error_kinds, scores
from .groups import group

RULE_FEEDS = ("NVD", "CVE 5", "CVE 5 without CPE names", "both")
ERROR_FEEDS = ("NVD", "CVE 5")
EXAMPLES = 5
KINDS = 20
ORDER = ("certain", "likely", "possible")
ROWS = 40


def rules_of(feed, case):
    """What each rule finds of a feed: ours first, then those that are there for it."""
    given = feed.removesuffix(" without CPE names")
    return {"Palisade": scores.sure(case.found[given]), **case.simpler.get(given, {})}


def figures(score):
    return f"{score.precision():.3f} / {score.recall():.3f} / {score.f1():.3f}"


def main_rows(cases, feeds):
    """Of each truth, feed and rule: the scores, whole, without kernels, and with versions as one."""
    for case in cases:
        for feed in RULE_FEEDS:
            for rule, found in rules_of(feed, case).items():
                given = (found, feeds.cves[feed], case.truth, case.inventory.names)
                whole = scores.score(*given)
                yield (f"{case.inventory.title}, {feed} ({whole.cves:,} CVEs)", rule, figures(whole),
                       figures(scores.score_without_kernel(*given)), figures(scores.score_families(*given)),
                       str(whole.right), str(whole.wrong), str(whole.missed), str(whole.beyond))


MAIN = ("packages, records", "rule", "precision / recall / F1", "without kernels", "versions as one",
        "right", "wrong", "missed", "beyond")


def reliability_rows(cases, feeds, of, order):
    """Right, wrong and share by what `of` says of a pair, for each truth."""
    counts = [scores.reliability(case.found["both"], feeds.cves["both"], case.truth, of) for case in cases]
    for key in order or sorted(set().union(*counts), key=lambda key: -sum(it[key].total() for it in counts)):
        row = [key]
        for its in counts:
            count = its[key]
            row += [str(count[True]), str(count[False]),
                    f"{count[True] / count.total():.3f}" if count.total() else "–"]
        yield tuple(row)


def alarm_rows(cases, feeds):
    cves = {feed: feeds.cves[feed] for feed in ("NVD", "CVE 5", "both")}
    return alarms.rows(debian(cases), cves, alarms.debian())


def debian(cases):
    return next(case for case in cases if case.inventory.title.startswith("Debian"))


def how(pair):
    return pair.how or "nothing that is said"


def three(first, cases, *of_each):
    """A head: what the rows are of, then some columns for each truth."""
    return (first, *(f"{case.inventory.title}: {what}" for case in cases for what in of_each))


def kept_rows(cases, feeds, measure):
    """Precision and recall of both feeds for each truth, by the keys under which `measure` has scores."""
    measured = [measure(scores.sure(case.found["both"]), feeds.cves["both"], case.truth,
                        case.inventory.names) for case in cases]
    keys = {key: sum(its[key].right + its[key].missed for its in measured if key in its)
            for its in measured for key in its}
    for key in keys:
        row = [key]
        for its in measured:
            one = its.get(key, scores.Score())
            row += [str(one.right + one.missed), share(one.right, one.wrong), share(one.right, one.missed)]
        yield tuple(row)


def share(part, rest):
    return f"{part / (part + rest):.3f}" if part + rest else "–"


def group_rows(cases, feeds):
    measure = lambda *given: scores.by_group(*given, group)
    return sorted(kept_rows(cases, feeds, measure), key=lambda row: -int(row[1]))


def time_rows(cases, feeds, time):
    return sorted(kept_rows(cases, feeds, lambda *given: scores.by_time(*given, time)),
                  key=lambda row: row[0].replace("until", ""))


def classified(cases, feeds):
    """Missed and wrong pairs of the half to work on, by case, feed, side and kind."""
    found = {}
    for case in cases:
        for feed in ERROR_FEEDS:
            missed, wrong = error_kinds.classify(
                feeds.to_work_on[feed], case.found[feed], case.truth, case.inventory.names)
            found[case.inventory.title, feed] = {"missed": missed, "wrong": wrong}
    return found


SIDES = {"missed": error_kinds.MISSED, "wrong": error_kinds.WRONG}


def kind_rows(found):
    """The most frequent kinds of errors with their counts by truth and feed."""
    rows = []
    for side, meanings in SIDES.items():
        for kind, (fault, what, cure) in meanings.items():
            counts = [len(its[side][kind]) for its in found.values()]
            rows.append((sum(counts), (f"{side}: {what}", *map(str, counts), fault, cure)))
    return [row for total, row in sorted(rows, key=lambda row: -row[0])[:KINDS] if total]


def fault_rows(found, cases):
    """Missed and wrong pairs by whose fault they are, the wrong ones also by how sure they were."""
    for fault in ("rules", "table", "record", "truth"):
        yield (f"missed, {fault}", *(str(sum(len(pairs) for kind, pairs in its["missed"].items()
                                             if error_kinds.MISSED[kind][0] == fault))
                                     for its in found.values()))
    counts = [wrong_by_fault(its["wrong"], pairs_of(cases, *key)) for key, its in found.items()]
    for confidence in scores.SURE:
        for fault in ("rules", "truth"):
            yield (f"wrong and {confidence}, {fault}", *(str(count[confidence, fault]) for count in counts))


def pairs_of(cases, title, feed):
    return next(case.found[feed] for case in cases if case.inventory.title == title)


def wrong_by_fault(kinds, found):
    return collections.Counter((found[record.cve][package].confidence, error_kinds.WRONG[kind][0])
                               for kind, pairs in kinds.items() for record, package in pairs)


def error_head(first, found, *more):
    return (first, *(f"{title}, {feed}" for title, feed in found), *more)


def errors(cases, feeds):
    """Prints the kinds of errors of the half to work on, most frequent first, with examples."""
    found = classified(cases, feeds)
    for case in cases:
        for feed in ERROR_FEEDS:
            print(f"\n# {case.inventory.title}, {feed}")
            its = found[case.inventory.title, feed]
            for side, kinds in its.items():
                print_kinds(side, kinds, case, feed)
            print_rows(error_kinds.rows_that_would_mend(feeds.to_work_on[feed], its["missed"], case.truth))
    print_alarms(debian(cases), feeds, alarms.debian())


def print_alarms(case, feeds, tracker):
    """The alarms of the half to work on: how many are right, and those that are wrong."""
    cves = {feed: {record.cve for record in feeds.to_work_on[feed]} for feed in ERROR_FEEDS}
    print(f"\n# Alarms in {case.inventory.title}\n")
    table([alarms.HEAD, *alarms.rows(case, cves, tracker)])
    print()
    for feed in ERROR_FEEDS:
        for cve, package, pair, said in alarms.judged(case.found[feed], cves[feed], tracker, alarms.DAYS[feed]):
            if said is False:
                confidence, version = pair.alarm
                print(f"    wrong: {cve} {package} {version}, {confidence}; {pair.how} {pair.product}")


def print_kinds(side, kinds, case, feed):
    print(f"\n## {side}: {sum(map(len, kinds.values()))}")
    faults = collections.Counter()
    for kind, pairs in sorted(kinds.items(), key=lambda row: -len(row[1])):
        fault, what, cure = SIDES[side][kind]
        faults[fault] += len(pairs)
        print(f"\n{len(pairs)} {kind} ({fault}): {what}; {cure}")
        for record, package in spread(pairs)[:EXAMPLES]:
            print(f"    {example(record, package, case, feed)}")
    print("\nby whose fault:", ", ".join(f"{fault} {count}" for fault, count in faults.most_common()))


def print_rows(rows):
    if rows:
        print("\n## rows that would mend most: missed pairs found, and wrong ones made\n")
        table([("found", "made", "product", "package"), *(
            (str(found), str(made), ":".join(product), package) for found, made, product, package in rows[:ROWS])])


def spread(pairs):
    """Pairs with those of the packages that err most first, each package once, then the rest."""
    most = collections.Counter(package for _, package in pairs)
    seen, first, rest = set(), [], []
    for pair in sorted(pairs, key=lambda pair: (-most[pair[1]], pair[1], pair[0].cve)):
        (rest if pair[1] in seen else first).append(pair)
        seen.add(pair[1])
    return first + rest


def example(record, package, case, feed):
    named = sorted("{}:{}".format(*product) for product in error_kinds.products(record))
    said = sorted(case.truth.get(record.cve))
    pair = case.found[feed].get(record.cve, {}).get(package)
    how = f"; found by {pair.how} {pair.product}, {pair.confidence}" if pair else ""
    return f"{record.cve} {package}: record {shortened(named)}; truth {shortened(said)}{how}"


def shortened(names):
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def sections(cases, feeds):
    """Title and rows, the head first, of all tables of the half that is reported on."""
    yield ("Scores", [MAIN, *main_rows(cases, feeds)])
    head = three("", cases, "right", "wrong", "share")
    yield ("How sure, how right (both feeds)", [head, *reliability_rows(
        cases, feeds, lambda pair: pair.confidence, ORDER)])
    yield ("Alarms in Debian 12", [alarms.HEAD, *alarm_rows(cases, feeds)])
    yield ("By what identity rests on (both feeds)", [head, *reliability_rows(cases, feeds, how, None)])
    head = three("", cases, "pairs", "precision", "recall")
    yield ("By kind of package (both feeds)", [head, *group_rows(cases, feeds)])
    yield ("By year (both feeds)", [head, *time_rows(cases, feeds, scores.year)])


def text(cases, feeds):
    """Prints all tables."""
    for title, rows in sections(cases, feeds):
        print(f"\n## {title}\n")
        table(rows)
