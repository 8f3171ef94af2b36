//! Certificates: a main key, whom it names, and subkeys, with what the owner signed of each
//! (RFC 9580, section 10.1).
//!
//! A keyring is a sequence of packets, in which anybody may have put signatures of their own. Only
//! those of the main key count, and of several that say the same the newest.

use super::key::{Fingerprint, Key};
use super::packet::{Malformed, Packet, packets, tag};
use super::signature::{Signature, kind};
use super::{At, CLOCK_SKEW_SECONDS, Why};

/// Signatures over one thing that are checked, the newest first; owners make a handful.
const CHECKED: usize = 64;

/// The flag of a key that may sign documents.
const MAY_SIGN: u8 = 0x02;

/// Characters of a name.
const NAME: usize = 200;

#[derive(Debug, Clone)]
pub(super) struct Certificate {
    main: Key,
    /// Over the main key alone.
    signatures: Vec<Signature>,
    users: Vec<User>,
    subkeys: Vec<Subkey>,
}

/// Somebody whom a certificate names, or a picture of them.
#[derive(Debug, Clone)]
struct User {
    tag: u8,
    name: Vec<u8>,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone)]
struct Subkey {
    key: Key,
    signatures: Vec<Signature>,
}

/// Over what the signatures of a sequence of packets are.
enum Place {
    /// Over something that is not known.
    Nowhere,
    Main,
    User,
    Subkey,
}

/// Reads the certificates in a sequence of packets. Those whose main key is of a version that is
/// not known are passed over.
pub(super) fn read(input: &[u8]) -> Result<Vec<Certificate>, Malformed> {
    let mut certificates = Vec::new();
    let mut place = Place::Nowhere;
    for packet in packets(input)? {
        match packet.tag {
            tag::SECRET_KEY | tag::SECRET_SUBKEY => {
                return Err(Malformed(
                    "a secret key; keep it to yourself, and export the public one",
                ));
            }
            tag::PUBLIC_KEY => {
                let main = Key::parse(packet.body)?;
                place = if main.is_some() {
                    Place::Main
                } else {
                    Place::Nowhere
                };
                certificates.extend(main.map(Certificate::of));
            }
            _ => {
                let last = certificates
                    .last_mut()
                    .filter(|_| !matches!(place, Place::Nowhere));
                if let Some(certificate) = last {
                    place = certificate.take(packet, place)?;
                }
            }
        }
    }
    Ok(certificates)
}

impl Certificate {
    fn of(main: Key) -> Self {
        Self {
            main,
            signatures: Vec::new(),
            users: Vec::new(),
            subkeys: Vec::new(),
        }
    }

    /// Takes the next packet, and tells over what signatures are from there on.
    fn take(&mut self, packet: Packet<'_>, place: Place) -> Result<Place, Malformed> {
        match packet.tag {
            tag::USER_ID | tag::USER_ATTRIBUTE => {
                self.users.push(User {
                    tag: packet.tag,
                    name: packet.body.to_vec(),
                    signatures: Vec::new(),
                });
                Ok(Place::User)
            }
            tag::PUBLIC_SUBKEY => {
                let subkey = Key::parse(packet.body)?.map(|key| Subkey {
                    key,
                    signatures: Vec::new(),
                });
                let is_known = subkey.is_some();
                self.subkeys.extend(subkey);
                // Signatures over an unknown subkey are over none that is here: they fit nothing.
                Ok(if is_known { Place::Subkey } else { Place::Main })
            }
            tag::SIGNATURE => {
                let over = match place {
                    Place::User => self.users.last_mut().map(|it| &mut it.signatures),
                    Place::Subkey => self.subkeys.last_mut().map(|it| &mut it.signatures),
                    Place::Main | Place::Nowhere => Some(&mut self.signatures),
                };
                // One that cannot be read proves nothing; old keys have such of version 3.
                let signature = Signature::parse(packet.body).ok();
                if let (Some(over), Some(signature)) = (over, signature) {
                    over.push(signature);
                }
                Ok(place)
            }
            // Markers, GnuPG's own notes, and what is yet to be invented.
            _ => Ok(place),
        }
    }

    /// Adds what another copy of the same certificate has.
    pub(super) fn merge(&mut self, other: Self) {
        self.signatures.extend(other.signatures);
        for user in other.users {
            let mut known = self.users.iter_mut();
            match known.find(|it| (it.tag, &it.name) == (user.tag, &user.name)) {
                Some(known) => known.signatures.extend(user.signatures),
                None => self.users.push(user),
            }
        }
        for subkey in other.subkeys {
            let mut known = self.subkeys.iter_mut();
            match known.find(|it| it.key.fingerprint() == subkey.key.fingerprint()) {
                Some(known) => known.signatures.extend(subkey.signatures),
                None => self.subkeys.push(subkey),
            }
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.main.fingerprint()
    }

    /// All keys, the main one first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.main).chain(self.subkeys.iter().map(|subkey| &subkey.key))
    }

    /// Whom it names: of several the one of the newest signature.
    pub(super) fn user(&self, now: i64) -> Option<String> {
        let (user, _) = self.newest_user(now)?;
        let name = String::from_utf8_lossy(&user.name);
        let name: String = name
            .chars()
            .filter(|c| !c.is_control())
            .take(NAME)
            .collect();
        (user.tag == tag::USER_ID && !name.is_empty()).then_some(name)
    }

    /// Whether one of its keys may sign a document that it signed at a time.
    pub(super) fn lets_sign(&self, key: &Key, made: u32, at: At) -> Result<(), Why> {
        if made < self.main.created || made < key.created {
            return Err(Why::KeyYounger);
        }
        let moment = match at {
            At::Now(now) => now.as_second(),
            At::WhenSigned(_) => i64::from(made),
        };
        let main = self.main.signed_form().map_err(|_| Why::Bad)?;
        if self.is_revoked(&self.signatures, kind::KEY_REVOCATION, &[&main]) {
            return Err(Why::Revoked);
        }
        let (flags, lapses) = self.main_says(&main, at.now())?;
        check_lapse(&self.main, lapses, moment)?;
        if key.fingerprint() == self.fingerprint() {
            // A certificate that says nothing of what its main key is for leaves that open.
            let may_sign = flags.is_none_or(|flags| flags & MAY_SIGN != 0);
            return may_sign.then_some(()).ok_or(Why::Unbound);
        }
        self.lets_subkey_sign(key, &main, moment, at.now())
    }

    fn lets_subkey_sign(&self, key: &Key, main: &[u8], moment: i64, now: i64) -> Result<(), Why> {
        let mut subkeys = self.subkeys.iter();
        let subkey = subkeys.find(|it| it.key.fingerprint() == key.fingerprint());
        let subkey = subkey.ok_or(Why::Unbound)?;
        let form = key.signed_form().map_err(|_| Why::Bad)?;
        let both = [main, &form];
        if self.is_revoked(&subkey.signatures, kind::SUBKEY_REVOCATION, &both) {
            return Err(Why::Revoked);
        }
        let is_binding = |signature: &Signature| signature.kind == kind::SUBKEY;
        let binding = self.newest(&subkey.signatures, is_binding, &both, now);
        let binding = binding.ok_or(Why::Unbound)?;
        check_lapse(key, binding.key_lapses, moment)?;
        let may_sign = binding.flags.is_some_and(|flags| flags & MAY_SIGN != 0);
        let agreement = binding.embedded.as_deref().map(Signature::parse);
        let agrees = match agreement {
            Some(Ok(signature)) => {
                signature.kind == kind::MAIN_KEY
                    && signature.verify(key, &both).is_ok()
                    && signature.check_times(now).is_ok()
            }
            _ => false,
        };
        (may_sign && agrees).then_some(()).ok_or(Why::Unbound)
    }

    /// What the owner says of the main key: its flags and after how many seconds it lapses. The
    /// newest signature over a name counts, and where that is silent the one over the key alone.
    fn main_says(&self, main: &[u8], now: i64) -> Result<(Option<u8>, Option<u32>), Why> {
        let is_direct = |signature: &Signature| signature.kind == kind::DIRECT;
        let direct = self.newest(&self.signatures, is_direct, &[main], now);
        let user = self.newest_user(now).map(|(_, signature)| signature);
        let first = user.or(direct).ok_or(Why::Unbound)?;
        let flags = first.flags.or(direct.and_then(|direct| direct.flags));
        let lapses = first
            .key_lapses
            .or(direct.and_then(|direct| direct.key_lapses));
        Ok((flags, lapses))
    }

    /// The name that the owner signed last and did not take back.
    fn newest_user(&self, now: i64) -> Option<(&User, &Signature)> {
        let main = self.main.signed_form().ok()?;
        let certified = self.users.iter().filter_map(|user| {
            let form = user.signed_form()?;
            let signed = [main.as_slice(), &form];
            let is_certification =
                |signature: &Signature| kind::CERTIFICATIONS.contains(&signature.kind);
            let newest = self.newest(&user.signatures, is_certification, &signed, now)?;
            let later = |signature: &&Signature| {
                signature.kind == kind::USER_REVOCATION && signature.made >= newest.made
            };
            let mut revocations = user.signatures.iter().filter(later).take(CHECKED);
            let revoked = revocations.any(|it| it.verify_revocation(&self.main, &signed).is_ok());
            (!revoked).then_some((user, newest))
        });
        certified.max_by_key(|(_, signature)| signature.made)
    }

    /// The newest good signature of the main key of a kind.
    fn newest<'a>(
        &self,
        signatures: &'a [Signature],
        wanted: impl Fn(&Signature) -> bool,
        signed: &[&[u8]],
        now: i64,
    ) -> Option<&'a Signature> {
        let own = |it: &&Signature| wanted(it) && it.may_be_of(&self.main);
        let mut candidates: Vec<&Signature> = signatures.iter().filter(own).collect();
        candidates.sort_by_key(|signature| std::cmp::Reverse(signature.made));
        let mut candidates = candidates.into_iter().take(CHECKED);
        candidates.find(|it| it.check_times(now).is_ok() && it.verify(&self.main, signed).is_ok())
    }

    /// Whether the main key revoked what is signed, at whatever time: whoever has stolen a key can
    /// date signatures back.
    fn is_revoked(&self, signatures: &[Signature], kind: u8, signed: &[&[u8]]) -> bool {
        let revocations = signatures.iter().filter(|it| it.kind == kind);
        let mut own = revocations
            .filter(|it| it.may_be_of(&self.main))
            .take(CHECKED);
        own.any(|it| it.verify_revocation(&self.main, signed).is_ok())
    }
}

impl User {
    /// What a signature over the name covers of it.
    fn signed_form(&self) -> Option<Vec<u8>> {
        let mark = if self.tag == tag::USER_ID { 0xb4 } else { 0xd1 };
        let length = u32::try_from(self.name.len()).ok()?;
        Some([&[mark][..], &length.to_be_bytes(), &self.name].concat())
    }
}

fn check_lapse(key: &Key, lapses: Option<u32>, moment: i64) -> Result<(), Why> {
    let created = i64::from(key.created);
    if created > moment + CLOCK_SKEW_SECONDS {
        return Err(Why::KeyYounger);
    }
    match lapses {
        Some(after) if created + i64::from(after) <= moment => Err(Why::KeyLapsed),
        _ => Ok(()),
    }
}
