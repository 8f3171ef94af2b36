//! What a signature file holds: armored or binary, alone or around a message.

use std::io::Read;

use bstr::ByteSlice;
use sequoia_openpgp::armor;
use sequoia_openpgp::packet::{Packet, Signature, Tag};
use sequoia_openpgp::parse::{
    Dearmor, PacketParser, PacketParserBuilder, PacketParserResult, Parse,
};

use super::keyring::Keyring;
use super::{SIGNATURE_BYTES, SIGNATURES};

/// Beginnings of armor in which signatures come.
const BEGINNINGS: [&[u8]; 2] = [
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
];

/// A signature, or why one could not be read.
#[derive(Debug)]
pub(super) enum Found {
    Signature(Box<Signature>),
    Unreadable(String),
}

impl Found {
    /// Whether a key that it names is in the keyring.
    pub(super) fn known_to(&self, keyring: &Keyring) -> bool {
        match self {
            Self::Signature(signature) => signature
                .get_issuers()
                .iter()
                .any(|issuer| keyring.with_key(issuer).next().is_some()),
            Self::Unreadable(_) => false,
        }
    }
}

/// What a signature file holds.
#[derive(Debug)]
pub(super) enum Packets {
    /// Signatures of something that is elsewhere.
    Detached(Vec<Found>),
    /// Signatures with what they are over.
    Inline(Vec<Found>, Vec<u8>),
}

/// Reads a signature file. What is broken in it is among what was found.
pub(super) fn read(file: &[u8]) -> Packets {
    let mut reading = Reading::default();
    let starts = starts(file);
    if starts.is_empty() {
        reading.packets(file);
    }
    let ends = starts.iter().skip(1).copied().chain([file.len()]);
    for (&start, end) in starts.iter().zip(ends) {
        match dearmored(&file[start..end]) {
            Ok(bytes) => reading.packets(&bytes),
            Err(error) => reading.unreadable(&error.to_string()),
        }
    }
    match reading.body {
        Some(body) => Packets::Inline(reading.found, body),
        None => Packets::Detached(reading.found),
    }
}

/// Where armor begins: some put a few lines before it.
fn starts(file: &[u8]) -> Vec<usize> {
    let mut starts: Vec<usize> = BEGINNINGS
        .iter()
        .flat_map(|begin| file.find_iter(begin))
        .filter(|&at| at == 0 || file[at - 1] == b'\n')
        .take(SIGNATURES)
        .collect();
    starts.sort_unstable();
    starts
}

fn dearmored(block: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut reader = armor::Reader::from_reader(block, armor::ReaderMode::Tolerant(None));
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[derive(Default)]
struct Reading {
    found: Vec<Found>,
    body: Option<Vec<u8>>,
}

impl Reading {
    fn unreadable(&mut self, reason: &str) {
        self.found.push(Found::Unreadable(reason.to_owned()));
    }

    fn packets(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let parser = PacketParserBuilder::from_bytes(bytes)
            .and_then(|it| it.dearmor(Dearmor::Disabled).max_recursion_depth(4).build());
        let mut rest = match parser {
            Ok(rest) => rest,
            Err(error) => return self.unreadable(&error.to_string()),
        };
        while let PacketParserResult::Some(mut parser) = rest {
            if self.found.len() >= SIGNATURES {
                return self.unreadable("there are too many signatures in it");
            }
            if let Err(reason) = self.read_body(&mut parser) {
                return self.unreadable(&reason);
            }
            match parser.recurse() {
                Ok((packet, next)) => {
                    self.packet(packet);
                    rest = next;
                }
                Err(error) => return self.unreadable(&error.to_string()),
            }
        }
    }

    /// Reads what a message is about, as far as there may be of it.
    fn read_body(&mut self, parser: &mut PacketParser<'_>) -> Result<(), String> {
        if parser.packet.tag() != Tag::Literal {
            return Ok(());
        }
        if self.body.is_some() {
            return Err("there are two messages in it".to_owned());
        }
        let mut body = Vec::new();
        let most = SIGNATURE_BYTES as u64 * 16;
        parser
            .take(most + 1)
            .read_to_end(&mut body)
            .map_err(|error| error.to_string())?;
        if body.len() as u64 > most {
            return Err("the message in it is too large".to_owned());
        }
        self.body = Some(body);
        Ok(())
    }

    fn packet(&mut self, packet: Packet) {
        match packet {
            Packet::Signature(signature) => {
                self.found.push(Found::Signature(Box::new(signature)));
            }
            Packet::Unknown(unknown) => {
                let error = unknown.error().to_string();
                self.unreadable(&error);
            }
            Packet::OnePassSig(_)
            | Packet::Literal(_)
            | Packet::CompressedData(_)
            | Packet::Marker(_)
            | Packet::Padding(_) => {}
            other => self.unreadable(&format!("{} has no place in a signature", other.tag())),
        }
    }
}
