"""How pairs are counted and errors classified: `python3 -m unittest quality_lib.tests` in bench/."""

import unittest

from . import alarms, error_kinds, rules, scores
from .groups import family, group
from .inventories import Inventory
from .palisade import Pair, read_identity
from .records import Cpe, Node, Record
from .truths import Truth, guix_name


def nvd(cve, *products, text=""):
    """A record of NVD that names `vendor:product`s, applications unless a part stands in front."""
    named = [name if name.count(":") == 2 else f"a:{name}" for name in products]
    rows = [{"criteria": f"cpe:2.3:{name}:1.0:*:*:*:*:*:*:*"} for name in named]
    node = Node({"operator": "OR", "cpeMatch": rows})
    return Record(cve, [[node]], node.cpes, (), text)


def truth_of(**pairs):
    truth = Truth()
    for cve, packages in pairs.items():
        truth.pairs[cve] = set(packages.split())
    return truth


def pair(confidence="likely", says="x has the name of v:x; nothing else tells that they are the same"):
    return Pair(confidence, [{"kind": "identity", "says": says}])


def inventory(*names, branch="debian/12"):
    return Inventory("Some", branch, [], names)


class Alarms(unittest.TestCase):
    def test_an_alarm_is_right_where_upstreams_version_has_the_fault(self):
        tracker = alarms.Tracker()
        tracker.add("one", "curl", "Debian:12", None)
        tracker.add("two", "curl", "Debian:12", "7.88.1-10+deb12u5")
        tracker.add("three", "curl", "Debian:12", "7.74.0-1")
        tracker.add("four", "curl", "Debian:13", "8.5.0-1")
        said = [tracker.was_affected(cve, "curl", "7.88.1-10+deb12u15")
                for cve in ("one", "two", "three", "four", "five")]
        self.assertEqual(said, [True, True, False, False, None])

    def test_what_came_into_the_release_after_the_records_is_apart(self):
        tracker = alarms.Tracker()
        for cve, fixed in (("one", "6.1.112-1"), ("two", "6.1.119-1"), ("three", "6.1.123-1"), ("four", None)):
            tracker.add(cve, "linux", "Debian:12", fixed)
        tracker.add_notice("linux", "2024-10-03", "6.1.112-1")
        tracker.add_notice("linux", "2024-11-24", "6.1.119-1")
        later = [tracker.is_mended_later(cve, "linux", "2024-10-24") for cve in ("one", "two", "three", "four", "five")]
        self.assertEqual(later, [False, True, True, False, False])
        found = {"one": {"linux": pair()}, "two": {"linux": pair()}}
        for pairs in found.values():
            pairs["linux"].alarm = ("likely", "6.1.170-3")
        said = {cve: said for cve, _, _, said in alarms.judged(found, set(found), tracker, "2024-10-24")}
        self.assertEqual(said, {"one": False, "two": "later"})

    def test_a_notice_names_what_it_fixes_in_the_release(self):
        fix = {"package": {"ecosystem": "Debian:12", "name": "linux"},
               "ranges": [{"events": [{"introduced": "0"}, {"fixed": "6.1.119-1"}]}]}
        other = {**fix, "package": {"ecosystem": "Debian:11", "name": "linux"}}
        self.assertEqual(list(alarms.fixes({"affected": [fix, other]}, "Debian:12")), [("linux", "6.1.119-1")])


class Scores(unittest.TestCase):
    def test_pairs_count_where_the_truth_knows_the_cve(self):
        truth = truth_of(one="bash zsh", two="curl")
        found = {"one": {"bash", "dash"}, "two": set(), "three": {"vim"}}
        score = scores.score(found, {"one", "two", "three"}, truth, {"bash", "zsh", "curl", "dash", "vim"})
        self.assertEqual((score.right, score.wrong, score.missed, score.beyond), (1, 1, 2, 1))
        self.assertAlmostEqual(score.precision(), 1 / 2)
        self.assertAlmostEqual(score.recall(), 1 / 3)
        self.assertAlmostEqual(score.f1(), 2 / 5)

    def test_what_the_inventory_lacks_is_not_missed(self):
        score = scores.score({}, {"one"}, truth_of(one="bash gone"), {"bash"})
        self.assertEqual(score.missed, 1)

    def test_undecided_pairs_count_neither_way(self):
        truth = truth_of(one="bash")
        truth.undecided["one"] = {"dash"}
        score = scores.score({"one": {"bash", "dash"}}, {"one"}, truth, {"bash", "dash"})
        self.assertEqual((score.right, score.wrong), (1, 0))

    def test_without_the_kernel_its_cves_are_left_out(self):
        truth = truth_of(one="linux", two="bash linux")
        found = {"one": {"linux", "dash"}, "two": {"linux", "bash"}}
        score = scores.score_without_kernel(found, {"one", "two"}, truth, {"linux", "bash", "dash"})
        self.assertEqual((score.cves, score.right, score.wrong, score.missed), (1, 1, 0, 0))

    def test_versions_of_a_package_may_be_one(self):
        found, truth = {"one": {"php8.2"}}, truth_of(one="php5")
        score = scores.score_families(found, {"one"}, truth, {"php8.2"})
        self.assertEqual((score.right, score.wrong, score.missed), (1, 0, 0))

    def test_only_sure_pairs_alarm(self):
        found = scores.sure({"one": {"bash": pair("likely"), "dash": pair("possible")}})
        self.assertEqual(found, {"one": {"bash"}})

    def test_reliability_is_counted_by_what_is_asked(self):
        found = {"one": {"bash": pair("certain"), "dash": pair("certain")}}
        counts = scores.reliability(found, {"one"}, truth_of(one="bash"), lambda it: it.confidence)
        self.assertEqual((counts["certain"][True], counts["certain"][False]), (1, 1))

    def test_cves_fall_into_periods(self):
        self.assertEqual([scores.period(f"CVE-{year}-0001") for year in (1999, 2005, 2006, 2010, 2011)],
                         ["until 2005", "until 2005", "2006 to 2010", "2006 to 2010", "2011 to 2015"])


class Groups(unittest.TestCase):
    def test_the_first_rule_decides(self):
        expected = {"linux-lts": "kernel", "linux-pam": "the rest", "py3-urllib3": "Python's libraries",
                    "libdbi-perl": "Perl's libraries", "firefox-esr": "browsers and their engines",
                    "postgresql-15": "servers", "libpng": "libraries", "vim": "the rest"}
        self.assertEqual({name: group(name) for name in expected}, expected)

    def test_a_family_is_a_name_without_its_version(self):
        self.assertEqual([family(name) for name in ("php8.2", "openjdk-17", "iceweasel", "7")],
                         ["php", "openjdk", "firefox", "7"])


class Peers(unittest.TestCase):
    def test_guix_lint_forgets_other_products_at_a_second_range(self):
        lint = rules.GuixLint(inventory("aaa", "bbb"))
        self.assertEqual(lint(nvd("one", "v:bbb", "v:aaa"), None), {"aaa", "bbb"})
        self.assertEqual(lint(nvd("one", "v:bbb", "v:bbb", "v:aaa"), None), {"bbb"})

    def test_guix_lint_reads_applications_only(self):
        self.assertEqual(rules.GuixLint(inventory("linux"))(nvd("one", "o:linux:linux"), None), set())

    def test_secfixes_tracker_rewrites_names(self):
        own = inventory("apache-tika", "node-tar", "bridge", branch="alpine/edge")
        rule = rules.SecfixesTracker(own)
        self.assertEqual(rule(nvd("one", "apache:tika", "isaacs:tar", "adobe:bridge", "x:bridge"), own),
                         {"apache-tika", "node-tar"})


class Truths(unittest.TestCase):
    def test_a_commit_may_call_a_package_otherwise(self):
        names = {"openssl", "go", "curl"}
        said = ("OpenSSL", "openssl@1.1", "go-1.25", "curl/fixed", "icedtea@2")
        self.assertEqual([guix_name(it, names) for it in said], ["openssl", "openssl", "go", "curl", None])


class Kinds(unittest.TestCase):
    def missed(self, record, package, said, found=None, others=()):
        truth = truth_of(**{record.cve: said})
        known = error_kinds.Known([record, *others], truth)
        return error_kinds.missed_kind(record, package, set(said.split()), found or {}, known)

    def wrong(self, record, package, said, names, found=None, others=(), **more):
        truth = truth_of(**{record.cve: said}, **more)
        known = error_kinds.Known([record, *others], truth)
        found = found or {package: pair("likely", f"x has the name of v:{package}; nothing else")}
        return error_kinds.wrong_kind(record, package, set(said.split()), found, known, set(names))

    def test_a_doubted_pair_is_known(self):
        record = nvd("one", "v:x")
        self.assertEqual(self.missed(record, "x", "x", {"x": pair("possible")}), "name alone")
        curated = pair("possible", "x is known to be v:x")
        self.assertEqual(self.missed(record, "x", "x", {"x": curated}), "doubted")

    def test_names_agree_in_some_way(self):
        self.assertEqual(self.missed(nvd("one", "v:x"), "x", "x"), "refused")
        self.assertEqual(self.missed(nvd("one", "v:open_babel"), "openbabel", "openbabel"), "spelling")
        self.assertEqual(self.missed(nvd("one", "v:urllib3"), "python-urllib3", "python-urllib3"), "language")
        self.assertEqual(self.missed(nvd("one", "v:php"), "php8.2", "php8.2"), "version")

    def test_a_product_that_is_mostly_the_package_wants_a_row(self):
        one, two = nvd("one", "apple:safari"), nvd("two", "apple:safari")
        truth = truth_of(one="webkit2gtk", two="webkit2gtk")
        known = error_kinds.Known([one, two], truth)
        self.assertEqual(error_kinds.missed_kind(one, "webkit2gtk", {"webkit2gtk"}, {}, known), "known product")

    def test_who_carries_code_of_what_was_found_cannot_be_told(self):
        found = {"chromium": pair()}
        said = "chromium qtwebengine-opensource-src"
        self.assertEqual(self.missed(nvd("one", "google:chrome"), "qtwebengine-opensource-src", said, found),
                         "shared code")

    def test_what_the_record_does_not_name_cannot_be_told(self):
        self.assertEqual(self.missed(nvd("one", "o:v:firmware"), "x", "x"), "system")
        self.assertEqual(self.missed(nvd("one", "v:suite", text="A fault in xlib."), "xlib", "xlib"), "mentioned")
        self.assertEqual(self.missed(nvd("one", "v:suite"), "xlib", "xlib"), "not in record")

    def test_wrong_pairs_by_what_the_truth_names_instead(self):
        self.assertEqual(self.wrong(nvd("one", "v:php8.2"), "php8.2", "php5", ["php8.2"]), "other version")
        self.assertEqual(self.wrong(nvd("one", "v:mysql"), "mysql", "maria", ["mysql"]), "since renamed")
        self.assertEqual(self.wrong(nvd("one", "v:dash"), "dash", "vim", ["dash", "vim"]), "once")

    def test_a_sibling_rests_on_the_same_product(self):
        found = {name: pair("likely", "x is known to be v:webkit") for name in ("webkit2gtk", "wpewebkit")}
        self.assertEqual(self.wrong(nvd("one", "v:webkit"), "wpewebkit", "webkit2gtk",
                                    ["webkit2gtk", "wpewebkit"], found), "sibling")

    def test_a_name_that_mostly_means_another_is_reused(self):
        others = [nvd(cve, "v:dash") for cve in ("b", "c", "d")]
        self.assertEqual(self.wrong(nvd("a", "v:dash"), "dash", "vim", ["dash", "vim"], others=others,
                                    b="vim", c="vim", d="vim"), "name reused")


class Names(unittest.TestCase):
    def test_cpe_names_are_read_in_both_forms(self):
        for raw in (r"cpe:2.3:a:gnu:libsigc\+\+:1.0:*:*:*:*:*:*:*", "cpe:/a:gnu:libsigc++:1.0"):
            cpe = Cpe(raw)
            self.assertEqual((cpe.part, cpe.vendor, cpe.product, cpe.target), ("a", "gnu", "libsigc++", "*"))


class Evidence(unittest.TestCase):
    def test_what_identity_rests_on_is_read_from_its_words(self):
        says = "x has the name of v:x, and its addresses vouch for the vendor (v.org)"
        self.assertEqual(read_identity(says), ("name, vouched for", "v:x"))


if __name__ == "__main__":
    unittest.main()
