//! Which images an archive holds, and of which layers each is made.

use std::collections::{HashMap, HashSet};

use palisade_model::Timestamp;
use serde::Deserialize;

use crate::json_records::timestamp;

/// The members that are JSON texts.
type Texts = HashMap<String, Vec<u8>>;

/// Indexes within indexes that are followed.
const DEPTH: usize = 4;

/// Images that are looked at.
const IMAGES: usize = 1000;

/// The time before which no image was made; builds that are to be reproducible give times like 0.
const EARLIEST: i64 = 315_532_800;

/// An image.
#[derive(Debug, Clone)]
pub(super) struct Image {
    /// `sha256:…`, of its manifest, or of its configuration where there is no manifest.
    pub(super) digest: String,
    /// What it is called, with its tag.
    pub(super) name: Option<String>,
    /// The members that are its layers, the lowest first.
    pub(super) layers: Vec<String>,
    pub(super) architecture: Option<String>,
    pub(super) created: Option<Timestamp>,
    /// Layers of no size that is worth one.
    empty: Vec<String>,
}

impl Image {
    /// Whether a layer is too small to hold a file.
    pub(super) fn may_be_empty(&self, layer: &str) -> bool {
        self.empty.iter().any(|empty| empty == layer)
    }
}

/// An index (image specification, "Image Index") or a manifest ("Image Manifest").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    annotations: Option<HashMap<String, String>>,
}

#[derive(Default, Deserialize)]
struct Configuration {
    architecture: Option<String>,
    created: Option<String>,
}

/// An entry of `docker save`'s `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// The images of an archive, each once.
pub(super) fn images(texts: &Texts) -> Result<Vec<Image>, String> {
    let mut images = Vec::new();
    let mut seen = HashSet::new();
    if let Some(index) = texts.get("index.json") {
        let index: Document = serde_json::from_slice(index)
            .map_err(|error| format!("its index.json cannot be read: {error}"))?;
        follow(texts, index, None, &mut seen, 0, &mut images);
    }
    if images.is_empty()
        && let Some(list) = texts.get("manifest.json")
    {
        let list: Vec<Saved> = serde_json::from_slice(list)
            .map_err(|error| format!("its manifest.json cannot be read: {error}"))?;
        images.extend(
            list.into_iter()
                .take(IMAGES)
                .map(|saved| of_docker(texts, saved)),
        );
    }
    images.sort_by(|a, b| a.digest.cmp(&b.digest));
    images.dedup_by(|a, b| a.digest == b.digest);
    Ok(images)
}

/// The member that holds what has a digest.
fn blob(digest: &str) -> Option<String> {
    let (algorithm, hex) = digest.split_once(':')?;
    Some(format!("blobs/{algorithm}/{hex}"))
}

fn follow(
    texts: &Texts,
    index: Document,
    name: Option<&str>,
    seen: &mut HashSet<String>,
    depth: usize,
    images: &mut Vec<Image>,
) {
    for descriptor in index.manifests.into_iter().flatten() {
        if images.len() >= IMAGES {
            return;
        }
        // Indexes that name each other, or one many times, are read once.
        if !seen.insert(descriptor.digest.clone()) {
            continue;
        }
        let name = called(&descriptor).or_else(|| name.map(str::to_owned));
        // An archive of one platform names the others' manifests without having them.
        let text = blob(&descriptor.digest).and_then(|member| texts.get(&member));
        let document = text.and_then(|text| serde_json::from_slice::<Document>(text).ok());
        match document {
            Some(inner) if inner.manifests.is_some() && depth < DEPTH => {
                follow(texts, inner, name.as_deref(), seen, depth + 1, images);
            }
            Some(manifest) => {
                let image = of_manifest(texts, descriptor.digest, name, manifest);
                images.extend(image);
            }
            None => {}
        }
    }
}

fn called(descriptor: &Descriptor) -> Option<String> {
    let annotations = descriptor.annotations.as_ref()?;
    let image = annotations.get("io.containerd.image.name");
    let reference = annotations.get("org.opencontainers.image.ref.name");
    // Many tools write the tag alone there.
    let reference = reference.filter(|text| text.contains([':', '/']));
    image.or(reference).cloned()
}

/// The image of a manifest; none where that is of something else, such as an attestation.
fn of_manifest(
    texts: &Texts,
    digest: String,
    name: Option<String>,
    manifest: Document,
) -> Option<Image> {
    let config = manifest.config?;
    let is_image = ["image.config", "container.image.v1"];
    if !is_image.iter().any(|kind| config.media_type.contains(kind)) {
        return None;
    }
    let layers = manifest.layers?;
    let is_layer =
        |it: &Descriptor| it.media_type.contains(".tar") || it.media_type.contains(".layer");
    if !layers.iter().all(is_layer) {
        return None;
    }
    let (architecture, created) = configured(texts, &blob(&config.digest)?);
    let tiny = layers.iter().filter(|it| it.size <= 1024);
    Some(Image {
        digest,
        name,
        empty: tiny.filter_map(|it| blob(&it.digest)).collect(),
        layers: layers.iter().filter_map(|it| blob(&it.digest)).collect(),
        architecture,
        created,
    })
}

fn of_docker(texts: &Texts, saved: Saved) -> Image {
    let (architecture, created) = configured(texts, &saved.config);
    let file = saved.config.rsplit('/').next().unwrap_or_default();
    Image {
        digest: format!("sha256:{}", file.trim_end_matches(".json")),
        name: saved.repo_tags.into_iter().flatten().next(),
        layers: saved.layers.unwrap_or_default(),
        architecture,
        created,
        empty: Vec::new(),
    }
}

/// What the configuration says of architecture and time.
fn configured(texts: &Texts, member: &str) -> (Option<String>, Option<Timestamp>) {
    let text = texts.get(member);
    let configuration = text.and_then(|text| serde_json::from_slice::<Configuration>(text).ok());
    let configuration = configuration.unwrap_or_default();
    let created = configuration.created.as_deref().and_then(timestamp);
    let created = created.filter(|time| time.as_second() >= EARLIEST);
    let architecture = configuration.architecture.filter(|text| !text.is_empty());
    (architecture, created)
}
