//! When to ask again.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// The pause before an attempt, counted from 1 for the first repetition: twice as long each time,
/// of which a random part is taken, so that many clients do not come back at once.
pub(crate) fn pause(attempt: u32, first: Duration, longest: Duration, random: f64) -> Duration {
    let doubled = first.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    doubled
        .min(longest)
        .mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

/// How long a server wants us to wait (RFC 9110, section 10.2.3).
///
/// A date is compared with the server's own clock where it tells it: ours may be wrong.
pub(crate) fn wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let after = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = after.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let then = header_time(headers, RETRY_AFTER)?;
    let now = header_time(headers, DATE).unwrap_or(now);
    let seconds = then.as_second().saturating_sub(now.as_second()).max(0);
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// A time in a header.
pub(crate) fn header_time(headers: &HeaderMap, name: HeaderName) -> Option<Timestamp> {
    let text = headers.get(name)?.to_str().ok()?;
    let zoned = rfc2822::parse(text.trim()).ok()?;
    Some(zoned.timestamp())
}

/// A number from 0 to 1 that nobody else has at the same time.
pub(crate) fn random() -> f64 {
    let mut bytes = [0; 4];
    let source = ring::rand::SystemRandom::new();
    match ring::rand::SecureRandom::fill(&source, &mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let second = Duration::from_secs(1);
        let at = |attempt| pause(attempt, second, 20 * second, 1.0).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 6, 40].map(at), [1, 2, 4, 8, 16, 20, 20]);
        assert_eq!(pause(3, second, 20 * second, 0.0), 2 * second);
    }

    #[test]
    fn a_server_says_how_long_to_wait_in_seconds_or_by_its_clock() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let wait = |pairs: &[(reqwest::header::HeaderName, &str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (name.clone(), value.parse().unwrap()))
                .collect();
            super::wait(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[(RETRY_AFTER, "120")]), Some(120));
        assert_eq!(wait(&[(RETRY_AFTER, "-5")]), None);
        let date = "Thu, 01 Jan 2026 00:01:00 GMT";
        assert_eq!(wait(&[(RETRY_AFTER, date)]), Some(60));
        let ahead = "Thu, 01 Jan 2026 00:00:50 GMT";
        assert_eq!(wait(&[(RETRY_AFTER, date), (DATE, ahead)]), Some(10));
        let past = "Wed, 31 Dec 2025 00:00:00 GMT";
        assert_eq!(wait(&[(RETRY_AFTER, past)]), Some(0));
        assert_eq!(wait(&[(RETRY_AFTER, "tomorrow")]), None);
    }
}
