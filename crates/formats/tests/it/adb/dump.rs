//! What `apk adbdump --format json` prints, of what was read.

use palisade_formats::adb::{Access, Content, Directory, File, Index, Info, Manifest};
use serde_json::{Map, Value, json};

pub(super) fn content(content: &Content) -> Value {
    match content {
        Content::Index(it) => index(it),
        Content::Package(it) => manifest(it),
        Content::Installed(all) => {
            json!({ "packages": all.iter().map(manifest).collect::<Vec<_>>() })
        }
    }
}

pub(super) fn index(index: &Index) -> Value {
    let packages: Vec<_> = index.packages.iter().map(info).collect();
    object([
        ("description", text(index.description.as_deref())),
        ("packages", list(packages)),
        ("pkgname-spec", text(index.file_names.as_deref())),
    ])
}

pub(super) fn manifest(manifest: &Manifest) -> Value {
    let scripts = manifest.scripts.iter();
    let scripts: Map<_, _> = scripts
        .map(|(script, text)| (script.name().to_owned(), lossy(text)))
        .collect();
    object([
        ("info", Some(info(&manifest.info))),
        (
            "paths",
            list(manifest.directories.iter().map(directory).collect()),
        ),
        (
            "scripts",
            (!scripts.is_empty()).then_some(Value::Object(scripts)),
        ),
        (
            "triggers",
            list(manifest.triggers.iter().map(|it| lossy(it)).collect()),
        ),
        ("replaces-priority", number(manifest.replaces_priority)),
    ])
}

fn info(info: &Info) -> Value {
    let words = |words: &[String]| list(words.iter().map(|it| json!(it)).collect());
    object([
        ("name", text(Some(&info.name))),
        ("version", text(Some(&info.version))),
        ("hashes", info.hashes.as_deref().map(hex)),
        ("description", text(info.description.as_deref())),
        ("arch", text(info.architecture.as_deref())),
        ("license", text(info.license.as_deref())),
        ("origin", text(info.origin.as_deref())),
        ("maintainer", text(info.maintainer.as_deref())),
        ("url", text(info.url.as_deref())),
        ("repo-commit", info.commit.as_deref().map(hex)),
        ("build-time", number(info.build_time)),
        ("installed-size", number(info.installed_size)),
        ("file-size", number(info.file_size)),
        ("provider-priority", number(info.provider_priority)),
        ("depends", words(&info.depends)),
        ("provides", words(&info.provides)),
        ("replaces", words(&info.replaces)),
        ("install-if", words(&info.install_if)),
        ("recommends", words(&info.recommends)),
        ("layer", number(info.layer)),
        ("tags", words(&info.tags)),
    ])
}

fn directory(directory: &Directory) -> Value {
    let name = (!directory.path.is_empty()).then(|| lossy(&directory.path));
    object([
        ("name", name),
        ("acl", directory.access.as_ref().map(access)),
        ("files", list(directory.files.iter().map(file).collect())),
    ])
}

fn file(file: &File) -> Value {
    let target = file.target.as_ref().map(|target| hex(&target.to_bytes()));
    object([
        ("name", Some(lossy(&file.name))),
        ("acl", file.access.as_ref().map(access)),
        ("size", number(file.size)),
        ("mtime", number(file.modified)),
        ("hash", file.hash.as_deref().map(hex)),
        ("target", target),
    ])
}

fn access(access: &Access) -> Value {
    let attributes = access.attributes.iter().map(|attribute| {
        let end = attribute.iter().position(|byte| *byte == 0).unwrap();
        let (name, value) = (&attribute[..end], &attribute[end + 1..]);
        json!(format!("{}={}", name.escape_ascii(), digits(value)))
    });
    object([
        ("mode", Some(json!(access.mode))),
        ("user", Some(lossy(&access.user))),
        ("group", Some(lossy(&access.group))),
        ("xattrs", list(attributes.collect())),
    ])
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members.into_iter();
    Value::Object(
        members
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
    )
}

fn list(values: Vec<Value>) -> Option<Value> {
    (!values.is_empty()).then_some(Value::Array(values))
}

fn text(text: Option<&str>) -> Option<Value> {
    text.map(|text| json!(text))
}

fn number(number: Option<u64>) -> Option<Value> {
    number.map(|number| json!(number))
}

fn lossy(bytes: &[u8]) -> Value {
    json!(String::from_utf8_lossy(bytes))
}

fn hex(bytes: &[u8]) -> Value {
    json!(digits(bytes))
}

fn digits(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
