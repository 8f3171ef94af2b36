//! Certificates: a main key, whom it names, and subkeys, with what the owner signed of each
//! (RFC 9580, section 10.1).
//!
//! A keyring is a sequence of packets, in which anybody may have put signatures of their own. Only
//! those of the main key count, and of several that say the same the newest.

use pgp::packet::SignatureType as Kind;
use pgp::types::Tag;

use super::key::{Fingerprint, Key};
use super::packet::{Malformed, Packet, packets};
use super::signature::{Name, Over, Signature};
use super::{At, CLOCK_SKEW_SECONDS, Why};

/// Signatures over one thing that are checked, the newest first; owners make a handful.
const CHECKED: usize = 64;

/// Characters of a name.
const NAME: usize = 200;

/// Signatures over a name.
const CERTIFICATIONS: [Kind; 4] = [
    Kind::CertGeneric,
    Kind::CertPersona,
    Kind::CertCasual,
    Kind::CertPositive,
];

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
    tag: Tag,
    name: Name,
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

/// Reads the certificates in a sequence of packets. Those whose main key is of a version or an
/// algorithm that is not known are passed over.
pub(super) fn read(input: &[u8]) -> Result<Vec<Certificate>, Malformed> {
    let mut certificates = Vec::new();
    let mut place = Place::Nowhere;
    for packet in packets(input)? {
        match packet.tag {
            Tag::SecretKey | Tag::SecretSubkey => {
                return Err(Malformed(
                    "a secret key; keep it to yourself, and export the public one",
                ));
            }
            Tag::PublicKey => {
                let main = Key::parse(packet.body);
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
                    place = certificate.take(packet, place);
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
    fn take(&mut self, packet: Packet<'_>, place: Place) -> Place {
        match packet.tag {
            Tag::UserId | Tag::UserAttribute => {
                self.users.push(User {
                    tag: packet.tag,
                    name: Name(packet.body.to_vec()),
                    signatures: Vec::new(),
                });
                Place::User
            }
            Tag::PublicSubkey => {
                let subkey = Key::parse(packet.body).map(|key| Subkey {
                    key,
                    signatures: Vec::new(),
                });
                let is_known = subkey.is_some();
                self.subkeys.extend(subkey);
                // Signatures over an unknown subkey are over none that is here: they fit nothing.
                if is_known { Place::Subkey } else { Place::Main }
            }
            Tag::Signature => {
                // One that cannot be read proves nothing; old keys have such of version 3. Nor does
                // one of anybody else, of whom there are many.
                let own = |it: &Signature| it.may_be_of(&self.main);
                let signature = Signature::parse(packet.body).ok().filter(own);
                let over = match place {
                    Place::User => self.users.last_mut().map(|it| &mut it.signatures),
                    Place::Subkey => self.subkeys.last_mut().map(|it| &mut it.signatures),
                    Place::Main | Place::Nowhere => Some(&mut self.signatures),
                };
                if let (Some(over), Some(signature)) = (over, signature) {
                    over.push(signature);
                }
                place
            }
            // Markers, GnuPG's own notes, and what is yet to be invented.
            _ => place,
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
        let name = String::from_utf8_lossy(&user.name.0);
        let name: String = name
            .chars()
            .filter(|c| !c.is_control())
            .take(NAME)
            .collect();
        (user.tag == Tag::UserId && !name.is_empty()).then_some(name)
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
        if self.is_revoked(&self.signatures, Kind::KeyRevocation, Over::Itself) {
            return Err(Why::Revoked);
        }
        let (may_sign, lapses) = self.main_says(at.now())?;
        check_lapse(&self.main, lapses, moment)?;
        if key.fingerprint() == self.fingerprint() {
            // A certificate that says nothing of what its main key is for leaves that open.
            return may_sign.unwrap_or(true).then_some(()).ok_or(Why::Unbound);
        }
        self.lets_subkey_sign(key, moment, at.now())
    }

    fn lets_subkey_sign(&self, key: &Key, moment: i64, now: i64) -> Result<(), Why> {
        let mut subkeys = self.subkeys.iter();
        let subkey = subkeys.find(|it| it.key.fingerprint() == key.fingerprint());
        let subkey = subkey.ok_or(Why::Unbound)?;
        let over = Over::Subkey(key);
        if self.is_revoked(&subkey.signatures, Kind::SubkeyRevocation, over) {
            return Err(Why::Revoked);
        }
        let binding = self.newest(&subkey.signatures, &[Kind::SubkeyBinding], over, now);
        let binding = binding.ok_or(Why::Unbound)?;
        check_lapse(key, binding.key_lapses(), moment)?;
        let may_sign = binding.may_sign().unwrap_or(false);
        let agrees = binding.embedded().is_some_and(|agreement| {
            agreement.kind() == Kind::KeyBinding
                && agreement.verify(key, Over::Main(&self.main)).is_ok()
                && agreement.check_times(now).is_ok()
        });
        (may_sign && agrees).then_some(()).ok_or(Why::Unbound)
    }

    /// What the owner says of the main key: whether it may sign, and after how many seconds it
    /// lapses. The newest signature over a name counts, and where that is silent the one over the
    /// key alone.
    fn main_says(&self, now: i64) -> Result<(Option<bool>, Option<u32>), Why> {
        let direct = self.newest(&self.signatures, &[Kind::Key], Over::Itself, now);
        let user = self.newest_user(now).map(|(_, signature)| signature);
        let first = user.or(direct).ok_or(Why::Unbound)?;
        let may_sign = first.may_sign().or(direct.and_then(Signature::may_sign));
        let lapses = first.key_lapses();
        let lapses = lapses.or(direct.and_then(Signature::key_lapses));
        Ok((may_sign, lapses))
    }

    /// The name that the owner signed last and did not take back.
    fn newest_user(&self, now: i64) -> Option<(&User, &Signature)> {
        let certified = self.users.iter().filter_map(|user| {
            let over = Over::Name(user.tag, &user.name);
            let newest = self.newest(&user.signatures, &CERTIFICATIONS, over, now)?;
            let later = |signature: &&Signature| {
                signature.kind() == Kind::CertRevocation && signature.made >= newest.made
            };
            let mut revocations = user.signatures.iter().filter(later).take(CHECKED);
            let revoked = revocations.any(|it| it.verify_revocation(&self.main, over).is_ok());
            (!revoked).then_some((user, newest))
        });
        certified.max_by_key(|(_, signature)| signature.made)
    }

    /// The newest good signature of the main key of some kinds.
    fn newest<'a>(
        &self,
        signatures: &'a [Signature],
        kinds: &[Kind],
        over: Over<'_>,
        now: i64,
    ) -> Option<&'a Signature> {
        let wanted = |it: &&Signature| kinds.contains(&it.kind());
        let mut candidates: Vec<&Signature> = signatures.iter().filter(wanted).collect();
        candidates.sort_by_key(|signature| std::cmp::Reverse(signature.made));
        let mut candidates = candidates.into_iter().take(CHECKED);
        candidates.find(|it| it.check_times(now).is_ok() && it.verify(&self.main, over).is_ok())
    }

    /// Whether the main key revoked what is signed, at whatever time: whoever has stolen a key can
    /// date signatures back.
    fn is_revoked(&self, signatures: &[Signature], kind: Kind, over: Over<'_>) -> bool {
        let revocations = signatures.iter().filter(|it| it.kind() == kind);
        let mut revocations = revocations.take(CHECKED);
        revocations.any(|it| it.verify_revocation(&self.main, over).is_ok())
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
