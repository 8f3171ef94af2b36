//! Lists of sums: `SHA256SUMS` and its like, and the sums in Debian's control files.
//!
//! A signed list vouches for a file if the list has the file's name with the file's sum. A list
//! that names a file twice with different sums vouches for neither; sums of MD5 and SHA-1 prove
//! nothing.

use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{Data, Error};

/// Lines of a list that are read.
const LINES: usize = 200_000;

/// What a list says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// It has the file, with its sum.
    Same(&'static str),
    /// It has the file's name with another sum.
    Different(&'static str),
    /// It has not the file, or only with sums too weak.
    No,
}

/// A sum of a file in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum<'a> {
    /// `SHA256`, `SHA384` or `SHA512`.
    pub algorithm: &'static str,
    /// Of the file's bytes.
    pub digest: Vec<u8>,
    /// The file, as the list calls it.
    pub name: &'a str,
}

/// The sums in a list; lines of another form are passed over.
pub fn sums(list: &str) -> impl Iterator<Item = Sum<'_>> {
    list.lines().take(LINES).filter_map(sum)
}

/// Reads `HEX  name`, `HEX *name`, `SHA256 (name) = HEX`, or ` HEX size name`.
fn sum(line: &str) -> Option<Sum<'_>> {
    let line = line.trim_end_matches('\r');
    // A plain line has no ` = `, but its file may have brackets in its name.
    let named = line.split_once(" (").and_then(|(algorithm, rest)| {
        let (name, digest) = rest.rsplit_once(") = ")?;
        Some((algorithm, of(digest.trim(), name)?))
    });
    if let Some((algorithm, sum)) = named {
        let same = algorithm
            .replace('-', "")
            .eq_ignore_ascii_case(sum.algorithm);
        return same.then_some(sum);
    }
    let in_field = line.starts_with(' ');
    let (digest, rest) = line.trim_start().split_once(' ')?;
    if in_field {
        let (size, name) = rest.trim_start().split_once(' ')?;
        size.parse::<u64>().ok()?;
        return of(digest, name.trim());
    }
    let name = rest.strip_prefix(['*', ' ']).unwrap_or(rest);
    of(digest, name)
}

fn of<'a>(digest: &str, name: &'a str) -> Option<Sum<'a>> {
    let algorithm = match digest.len() {
        64 => "SHA256",
        96 => "SHA384",
        128 => "SHA512",
        _ => return None,
    };
    let lower = digest.to_ascii_lowercase();
    let digest = data_encoding::HEXLOWER.decode(lower.as_bytes()).ok()?;
    let name = name.strip_prefix("./").unwrap_or(name);
    (!name.is_empty()).then_some(Sum {
        algorithm,
        digest,
        name,
    })
}

/// Whether a list has a file of that name with the sum of the data.
pub fn listed(list: &[u8], name: &str, data: &Data<'_>) -> Result<Listed, Error> {
    let list = String::from_utf8_lossy(list);
    let of_file: Vec<Sum<'_>> = sums(&list).filter(|sum| sum.name == name).collect();
    let Some(first) = of_file.first() else {
        return Ok(Listed::No);
    };
    let (mut sha256, mut sha384, mut sha512) = (Sha256::new(), Sha384::new(), Sha512::new());
    data.each(|piece| {
        sha256.update(piece);
        sha384.update(piece);
        sha512.update(piece);
    })?;
    let (sha256, sha384, sha512) = (sha256.finalize(), sha384.finalize(), sha512.finalize());
    let same = |sum: &Sum<'_>| match sum.algorithm {
        "SHA256" => sum.digest[..] == sha256[..],
        "SHA384" => sum.digest[..] == sha384[..],
        _ => sum.digest[..] == sha512[..],
    };
    Ok(match of_file.iter().find(|sum| !same(sum)) {
        Some(other) => Listed::Different(other.algorithm),
        None => Listed::Same(first.algorithm),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn of_abc(list: &str) -> Listed {
        listed(list.as_bytes(), "abc.tar", &Data::Bytes(b"abc")).unwrap()
    }

    #[test]
    fn lists_come_in_several_forms() {
        let same = Listed::Same("SHA256");
        assert_eq!(of_abc(&format!("{ABC}  abc.tar\n")), same);
        assert_eq!(of_abc(&format!("{ABC} *./abc.tar\r\n")), same);
        assert_eq!(of_abc(&format!("SHA256 (abc.tar) = {ABC}\n")), same);
        let control = format!("Checksums-Sha256:\n {ABC} 3 abc.tar\n");
        assert_eq!(of_abc(&control), same);
        let list = format!("{ABC}  abc (1).tar\n");
        let listed = listed(list.as_bytes(), "abc (1).tar", &Data::Bytes(b"abc"));
        assert_eq!(listed.unwrap(), same);
    }

    #[test]
    fn a_file_that_is_not_listed_or_listed_otherwise_is_not_vouched_for() {
        assert_eq!(of_abc(&format!("{ABC}  other.tar\n")), Listed::No);
        assert_eq!(
            of_abc("900150983cd24fb0d6963f7d28e17f72  abc.tar\n"),
            Listed::No
        );
        let other = ABC.replace("ba78", "ba79");
        assert_eq!(
            of_abc(&format!("{other}  abc.tar\n")),
            Listed::Different("SHA256")
        );
        let both = format!("{ABC}  abc.tar\n{other}  abc.tar\n");
        assert_eq!(of_abc(&both), Listed::Different("SHA256"));
    }
}
