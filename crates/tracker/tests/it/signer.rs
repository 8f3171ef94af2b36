//! A key of OpenPGP that signs documents, so that tests need no other program.

use palisade_model::Timestamp;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};

const ED25519: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];
const CREATED: u32 = 1_700_000_000;
const USER: &[u8] = b"Archive <archive@example.org>";

/// A main key on Curve25519 that names [`USER`].
pub(crate) struct Signer {
    pair: Ed25519KeyPair,
    /// The content of the key's packet.
    body: Vec<u8>,
}

impl Signer {
    /// One of 256.
    pub(crate) fn new(seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let point = [&[0x40], pair.public_key().as_ref()].concat();
        let head = [&[4][..], &CREATED.to_be_bytes(), &[22, 9], &ED25519].concat();
        let body = [head, number(&point)].concat();
        Self { pair, body }
    }

    /// What whoever believes the key has.
    pub(crate) fn keyring(&self) -> Vec<u8> {
        let length = u32::try_from(USER.len()).unwrap().to_be_bytes();
        let signed = [&self.form(), &[0xb4][..], &length, USER].concat();
        // It may certify and sign.
        let certification = self.signature(0x13, CREATED, &[2, 27, 3], &signed);
        [packet(6, &self.body), packet(13, USER), certification].concat()
    }

    /// A document with its signature around it.
    pub(crate) fn clearsign(&self, text: &str, time: &str) -> String {
        let time: Timestamp = time.parse().unwrap();
        let made = u32::try_from(time.as_second()).unwrap();
        let signed = text.trim_end_matches('\n').replace('\n', "\r\n");
        let signature = base64(&self.signature(0x01, made, &[], signed.as_bytes()));
        format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}\
             -----BEGIN PGP SIGNATURE-----\n\n{signature}\n-----END PGP SIGNATURE-----\n"
        )
    }

    /// What signatures cover of the key.
    fn form(&self) -> Vec<u8> {
        let length = u16::try_from(self.body.len()).unwrap().to_be_bytes();
        [&[0x99][..], &length, &self.body].concat()
    }

    fn signature(&self, kind: u8, made: u32, more: &[u8], signed: &[u8]) -> Vec<u8> {
        let fingerprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.form());
        let issuer = [&[22, 33, 4], fingerprint.as_ref()].concat();
        let hashed = [&[5, 2][..], &made.to_be_bytes(), more, &issuer].concat();
        let length = u16::try_from(hashed.len()).unwrap().to_be_bytes();
        let head = [&[4, kind, 22, 8][..], &length, &hashed].concat();
        let tail = u32::try_from(head.len()).unwrap().to_be_bytes();
        let sum = digest(&SHA256, &[signed, &head, &[4, 0xff], &tail].concat());
        let pair = self.pair.sign(sum.as_ref());
        let (r, s) = pair.as_ref().split_at(32);
        let body = [
            &head,
            &[0, 0][..],
            &sum.as_ref()[..2],
            &number(r),
            &number(s),
        ];
        packet(2, &body.concat())
    }
}

fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[0xc0 | tag, u8::try_from(body.len()).unwrap()][..], body].concat()
}

fn number(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let bits = bytes.len() * 8 - bytes.first().map_or(0, |it| it.leading_zeros() as usize);
    [&u16::try_from(bits).unwrap().to_be_bytes()[..], bytes].concat()
}

fn base64(bytes: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bits);
        for place in 0..4 {
            let digit = digits[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= group.len() {
                digit.into()
            } else {
                '='
            });
        }
    }
    text
}
