"""The section "Measured by program" of docs/quality.md."""

from . import alarms, report, scores

HEAD = """## Measured by program

`bench/quality` asks which source packages a CVE concerns, by the records of NVD and of the CVE programme
alone. The matcher gets names, versions and addresses of packages, and nothing that a distribution says of
vulnerabilities: its own feeds are not given, and patches named after CVEs are taken out of Guix's
inventory. It is about identity, and how sure that is: a pair counts whatever its range says. Whether
the *version* of a package is affected is asked of alarms alone, [below](#alarms).

CVEs fall into two halves by a hash of their number. Rules and tables were worked on with one; all figures
are of the other, but for the kinds of errors, which are of the first.

    bench/quality              # all tables, with counts of pairs and year by year
    bench/quality --errors     # the kinds of errors with examples, and the rows that would mend most
    bench/quality --markdown   # this section

### What is taken for true

| truth | says | and lacks |
|---|---|---|
| Debian's tracker, February 2025; packages of Debian 12 | every package that carries the code, copies too | which of them the record speaks of; the present name of a package that was renamed: a CVE of 2007 names `php5` and `iceweasel`; most packages that only later releases have |
| Alpine's security database, v3.2 to edge, 2020 to 2026; packages of edge | what was fixed in which package | every package where nothing was fixed, such as the other versions of one: it is complete in one direction only. Wrong is a pair whose CVE it knows for another package only, so precision is a lower bound. What it calls fixed in version 0 counts neither way |
| commits of Guix that name CVEs, 2014 to 2026; packages of 20 February 2026 | the one package that a commit mends | everything else, such as `icecat-minimal` beside `icecat`: recall says something, precision only compares rules |
"""

SCORES = """
### Scores

Palisade with `certain` and `likely`, and beside it, on the same records and packages: equality of names;
the rules of secfixes-tracker (first node of the first configuration, with the rewriting rules of its
production) and of `guix lint -c cve` (first configuration, applications only, with its faults), evaluated
by us; and vulnix, a program from PyPI that was run, with the ranges of records opened to all versions
since it judges versions too. These three read NVD alone. Of every three figures the first is precision,
the second recall, the third F1; then the same without kernels, and with the versions of a package as one
(`php5` and `php8.2`, `ffmpeg` and `ffmpeg7`).

We aim at an F1 of 0.95 on NVD and of 0.94 on CVE records without CPE names.
"""

SURE = """
### How sure, how right

Both feeds, pairs of CVEs that the truth knows, by how sure identity is.
"""

ALARMS = """
### Alarms

Of what Palisade calls affected in Debian 12, both feeds and no word of Debian's, beside what Debian's
tracker says of that release. What Debian patched later counts as right: upstream's version had the fault.
What a notice mended in Debian 12 only after the records were made, no record can tell; it counts neither
as right nor as wrong. Other fixes that came later, in packages of which no notice tells, count as wrong.
"""

GROUPS = """
### By kind of package and by time

Both feeds: pairs of the truth, precision, recall. The kinds are rules over names
(`bench/quality_lib/groups.py`).
"""

ERRORS = """
### The most frequent kinds of errors

Of the half to work on; a program sorts them, by the first kind that holds
(`bench/quality_lib/error_kinds.py`).
"""

FAULTS = """
Whose fault these are. What is the record's or the truth's cannot be told from what the record says of
products, by any reading: Debian lists a CVE of Chromium also for `qtwebengine-opensource-src`, and one of
macOS for `cups`.
"""


def section(cases, feeds):
    """Prints the section."""
    print(HEAD + SCORES)
    print_table([row[:5] for row in (report.MAIN, *report.main_rows(cases, feeds))], left=2)
    print(SURE)
    head = report.three("", cases, "right", "wrong", "share")
    print_table([head, *report.reliability_rows(cases, feeds, lambda pair: pair.confidence, report.ORDER)])
    print("\nBy what identity rests on:\n")
    print_table([head, *report.reliability_rows(cases, feeds, report.how, None)])
    print(ALARMS)
    print_table([alarms.HEAD, *report.alarm_rows(cases, feeds)], left=2)
    print(GROUPS)
    head = report.three("", cases, "pairs", "precision", "recall")
    print_table([head, *report.group_rows(cases, feeds)])
    print()
    print_table([head, *report.time_rows(cases, feeds, scores.period)])
    print(ERRORS)
    found = report.classified(cases, feeds)
    print_table([report.error_head("kind", found, "fault of", "would be mended by"), *report.kind_rows(found)])
    print(FAULTS)
    print_table([report.error_head("", found), *report.fault_rows(found, cases)])


def print_table(rows, left=1):
    """A table whose first columns are words and whose others are figures."""
    head, *rest = rows
    lines = ["---" if column < left or not is_figure(rest[0][column]) else "--:" for column in range(len(head))]
    for row in (head, lines, *rest):
        print("| " + " | ".join(row) + " |")


def is_figure(text):
    return text[:1].isdigit() or text == "–"
