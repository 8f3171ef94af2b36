//! What the shell's words of an APKBUILD come to.

use super::*;

/// A variable's text, with a `?` behind it when it is doubtful.
fn value(text: &str, name: &str) -> String {
    match Script::read(text).get(name) {
        Some(Value { text, doubt: None }) => text.clone(),
        Some(Value { text, .. }) => format!("{text}?"),
        None => "-".to_owned(),
    }
}

fn x(text: &str) -> String {
    value(text, "x")
}

#[test]
fn assignments_are_followed_in_order() {
    assert_eq!(x("a=lts\nx=linux-$a\n"), "linux-lts");
    assert_eq!(x("x='6.1' # comment\n"), "6.1");
    assert_eq!(x("x=1; x=\"$x 2\""), "1 2");
    assert_eq!(x("x=a\\\nb"), "ab");
    assert_eq!(x("x=\"a\n\tb\\\n c\\$d\""), "a\n\tb c$d");
    assert_eq!(x("export x=1\nunset x\n"), "-");
    assert_eq!(x("export x='a b'"), "a b");
    assert_eq!(x("x=1 make\n"), "-");
    assert_eq!(x("x=$unset"), "");
    assert_eq!(x("x=$'a\\n\\'b'"), "a\n'b");
    assert_eq!(x("x=a$"), "a$");
}

#[test]
fn lines_of_a_quoted_text_are_no_assignments() {
    assert_eq!(x("x=1\nsource=\"a\nx=2\n\"\n"), "1");
    assert_eq!(x("x=1\ncat <<-EOF\nx=2\n\tEOF\n"), "1");
}

#[test]
fn functions_are_not_entered() {
    assert_eq!(x("x=1\nbuild() {\nx=2\n}\ny=3\n"), "1");
    assert_eq!(x("x=1\ndoc() { x=2; }\nx=\"$x 3\"\n"), "1 3");
    assert_eq!(x("build()\n{\n\tcat <<EOF\n}\nx=2\nEOF\n\tx=3\n}\n"), "-");
    assert_eq!(x("f() (\n\tx=2\n)\nx=1\n"), "1");
    assert_eq!(x("if true; then\n\tf() {\n\t\tx=2\n\t}\n\tx=1\nfi\n"), "1");
    assert_eq!(x("f() {\n\techo \"$((1<<A))\"\n}\nx=1\n"), "1");
}

#[test]
fn expansions_are_made() {
    let of = |expression: &str| x(&format!("v=1.2.3_p4\nw=foo\nx={expression}\n"));
    for (expression, expected) in [
        ("${v%.*}", "1.2"),
        ("${v%%.*}", "1"),
        ("${v#*.}", "2.3_p4"),
        ("${v##*.}", "3_p4"),
        ("${v%_p*}", "1.2.3"),
        ("${v%\"$w\"}", "1.2.3_p4"),
        ("${v//./_}", "1_2_3_p4"),
        ("${v/_p/-}", "1.2.3-4"),
        ("${v/_*}", "1.2.3"),
        ("${v//[.0]/}", "123_p4"),
        ("${v/\\./-}", "1-2.3_p4"),
        ("${v:0:1}", "1"),
        ("${v:2}", "2.3_p4"),
        ("${v: -2}", "p4"),
        ("${#w}", "3"),
        ("${u:-lts}", "lts"),
        ("${u-}", ""),
        ("${u:=${w}d}$u", "foodfood"),
        ("${w:+is}", "is"),
        ("${u:+is}", ""),
        ("$((1 + ${#w}))", "4"),
        ("$(( 2 * 3 ))", "6"),
        ("\"${w}\"'${w}'", "foo${w}"),
    ] {
        assert_eq!(of(expression), expected, "{expression}");
    }
}

#[test]
fn what_would_have_to_be_run_stays_as_written() {
    for (text, expected) in [
        ("x=$(id)", "$(id)?"),
        ("x=a`id`b", "a`id`b?"),
        ("x=v$1", "v$1?"),
        ("x=$CARCH.tar", "$CARCH.tar?"),
        ("x=${CARCH%_*}", "${CARCH%_*}?"),
        ("x=$((1/0))", "$((1/0))?"),
        ("x=${a@Q}", "${a@Q}?"),
        ("a=$(id)\nx=\"$a-1\"", "$(id)-1?"),
        ("x=$(echo \")\" \\) ')')b", "$(echo \")\" \\) ')')b?"),
    ] {
        assert_eq!(x(text), expected, "{text}");
    }
}

#[test]
fn conditions_that_can_be_decided_are() {
    for (text, expected) in [
        ("x=1\n[ -n \"$B\" ] && x=2", "1"),
        ("x=1\n[ -z \"$B\" ] && x=2", "2"),
        ("[ 2 -lt 10 ] && x=1 || x=2", "1"),
        (
            "if [ a = b ]; then x=1; elif test a != b; then x=2; else x=3; fi",
            "2",
        ),
        ("if ! false; then\n\tx=1\nfi", "1"),
        ("t=true\nif $t; then x=1; fi", "1"),
        ("[ \"$CBUILD\" = \"$CHOST\" ] && x=1", "1"),
        ("[ \"$CHOST\" != \"$CTARGET\" ] && x=1 || x=2", "2"),
        ("case 1.5 in 1.[0-4]) x=a;; 1.*|2) x=b;; *) x=c;; esac", "b"),
        ("case x in\n(y) x=1 ;;\nesac\nx=2", "2"),
    ] {
        assert_eq!(x(text), expected, "{text}");
    }
}

#[test]
fn of_what_cannot_be_decided_lists_hold_all() {
    let either = "source=\"a b\"\nif [ \"$CARCH\" = x86 ]; then source=\"$source c\"; _a=1; else source=\"d $source\"; _a=2; fi\n";
    assert_eq!(value(either, "source"), "a\nb\nc\nd?");
    assert_eq!(value(either, "_a"), "$_a?");
    let same = "case $CARCH in x86) x=1;; *) x=1;; esac";
    assert_eq!(x(same), "1");
    let added = "_m=a\n[ $CARCH = x86 ] || _m=\"$_m b\"\nfor i in $_m; do x=\"$x[$i]\"; done";
    assert_eq!(x(added), "[a][b]?");
    let maybe = "x=1\n[ \"$CARCH\" = x86 ] && x=2\n";
    assert_eq!(x(maybe), "$x?");
    let nested = "x=1\nif [ -d /x ]; then if [ -d /y ]; then x=1; fi; fi\n";
    assert_eq!(x(nested), "1");
    let decided_behind = "case $CARCH in x86) x=1;; *) x=2;; esac\nx=3";
    assert_eq!(x(decided_behind), "3");
}

#[test]
fn loops_are_followed() {
    assert_eq!(
        x("for i in a \"b c\" $u; do x=\"$x[$i]\"; done"),
        "[a][b c]"
    );
    assert_eq!(
        x("l='a b'\nfor i in $l-d; do x=\"$x[$i]\"; done"),
        "[a][b-d]"
    );
    assert_eq!(
        x("for i in a b c; do\n\t[ $i = b ] && continue\n\tx=$x$i\ndone"),
        "ac"
    );
    assert_eq!(
        x("i=1\nwhile [ $i -le 3 ]; do x=$x$i; i=$((i + 1)); done"),
        "123"
    );
    assert_eq!(
        x("i=1\nuntil [ $i = 3 ]; do i=$((i + 1)); [ $i = 2 ] && break; done\nx=$i"),
        "2"
    );
    assert_eq!(x("x=1\necho a | while read y; do x=2; done"), "1");
}

#[test]
fn calls_are_told() {
    let reasons = |text| {
        let doubts = Script::read(text).doubts;
        doubts
            .iter()
            .map(|doubt| (doubt.line, doubt.reason))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        reasons("add() {\n\tx=$1\n}\nadd a\neval \"x=1\"\n"),
        [(4, Reason::Call)]
    );
    assert_eq!(reasons("x=1\nmake\n"), []);
}

#[test]
fn hostile_scripts_end_soon() {
    let doubling = format!("x=a\n{}", "x=$x$x\n".repeat(64));
    assert!(x(&doubling).ends_with('?'));
    let script = Script::read("y=1\nwhile true; do x=1; done");
    assert_eq!(script.get("y"), None);
    assert!(script.doubts.iter().any(|it| it.reason == Reason::TooMuch));
    for script in [
        "while true; do x=$x; done".to_owned(),
        "while true; do while true; do :; done; done".to_owned(),
        "if ".repeat(100_000),
        "${".repeat(100_000),
        "x=\"${a:-".repeat(100_000),
        "(".repeat(100_000),
        "{ ".repeat(100_000),
        "case a in b) ".repeat(100_000),
        "f() {\ncat <<A\n".repeat(50_000),
        "for i in ".repeat(100_000),
        format!(
            "x={}\ny=${{x%%{}b}}",
            "a".repeat(200_000),
            "*a".repeat(1000)
        ),
        format!("x={}\ny=${{x//a/$x}}", "a".repeat(200_000)),
        format!(
            "{}x=1{}",
            "if [ $CARCH = a ]; then source=\"$source b\"; ".repeat(30),
            "; fi".repeat(30)
        ),
        "if [ $CARCH = a ]; then source=\"$source b\"; fi\n".repeat(20_000),
        "a".repeat(2 << 20),
    ] {
        Script::read(&script);
    }
}
