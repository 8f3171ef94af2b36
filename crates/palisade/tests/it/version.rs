//! `palisade version compare`: a stable form for scripts.

use crate::support::{palisade, printed, said, with_input};

fn compare(scheme: &str, input: &[u8]) -> String {
    let output = with_input(
        palisade().args(["version", "compare", "--scheme", scheme]),
        input,
    );
    assert!(output.status.success(), "{}", said(&output));
    printed(&output)
}

#[test]
fn one_sign_is_printed_for_each_line() {
    assert_eq!(
        compare("apk", b"1.0-r0\t1.0-r1\n1.0\t1.0\n2.0_p1\t2.0\n"),
        "<\n=\n>\n"
    );
    assert_eq!(
        compare("deb", b"1:9.2p1-2\t1:9.2p1-2+deb12u3\n1.0~rc1\t1.0\n"),
        "<\n<\n"
    );
    assert_eq!(compare("guix", b"2.2.13-0.1737c92\t2.2.13\n"), ">\n");
}

#[test]
fn what_is_no_version_is_marked_and_the_rest_goes_on() {
    let input = b"not a version\t1.0\nno tab\n\n\xff\xfe\t1.0\n1.0\t1.1\r\n1.1\t1.0";
    assert_eq!(compare("apk", input), "!\n!\n!\n!\n<\n>\n");
}

#[test]
fn an_unknown_scheme_is_answered_with_those_there_are() {
    let output = with_input(
        palisade().args(["version", "compare", "--scheme", "vms"]),
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains("\"vms\"") && said.contains("apk") && said.contains("pep440"),
        "{said}"
    );
}
