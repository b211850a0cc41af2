//! Times in certificates as Unix seconds, and back.
use crate::wire::der::{BadDer, GENERALIZED_TIME, UTC_TIME};
use ::der::DateTime;
use alloc::{format, string::String};
use core::time::Duration;

/// Where `DateTime` begins; before it, only whether a day exists is of interest.
const FIRST_YEAR: u16 = 1970;

/// Reads a UTCTime (`YYMMDDHHMMSSZ`) or GeneralizedTime (`YYYYMMDDHHMMSSZ`), as DER writes them. Before 1970: 0.
pub(super) fn read(tag: u8, value: &[u8]) -> Result<u64, BadDer> {
    let Some((b'Z', digits)) = value.split_last() else { return Err(BadDer) };
    let (pairs, []) = digits.as_chunks::<2>() else { return Err(BadDer) };
    let (century, pairs) = match (tag, pairs) {
        (UTC_TIME, [[b'0'..=b'4', _], ..]) => (20, pairs),
        (UTC_TIME, _) => (19, pairs),
        (GENERALIZED_TIME, [century, pairs @ ..]) => (two(century)?, pairs),
        _ => return Err(BadDer),
    };
    let [year, month, day, hour, minute, second] = pairs else { return Err(BadDer) };
    let year = u16::from(century) * 100 + u16::from(two(year)?);
    // the calendar comes again every 400 years
    let shown = if year < FIRST_YEAR { year + 2000 } else { year };
    let time = DateTime::new(shown, two(month)?, two(day)?, two(hour)?, two(minute)?, two(second)?)?;
    Ok(if year < FIRST_YEAR { 0 } else { time.unix_duration().as_secs() })
}

/// `2026-11-21 08:30:00`, in UTC; no later than the year 9999.
pub(crate) fn text(unix: u64) -> String {
    let time = DateTime::from_unix_duration(Duration::from_secs(unix)).unwrap_or(DateTime::INFINITY);
    format!("{time}").replace('T', " ").replace('Z', "")
}

fn two(digits: &[u8; 2]) -> Result<u8, BadDer> {
    match digits {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Ok((a - b'0') * 10 + b - b'0'),
        _ => Err(BadDer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds from `date -u -d … +%s`.
    const KNOWN: [(&str, u64); 6] = [
        ("19700101000001Z", 1),
        ("20000229235959Z", 951_868_799),
        ("20261121083000Z", 1_795_249_800),
        ("20500101000000Z", 2_524_608_000),
        ("21000301000000Z", 4_107_542_400),
        ("99991231235959Z", 253_402_300_799),
    ];

    #[test]
    fn reads_known_times_and_shows_them() {
        for (written, unix) in KNOWN {
            assert_eq!(read(GENERALIZED_TIME, written.as_bytes()), Ok(unix), "{written}");
            let shown: String = text(unix).chars().filter(char::is_ascii_digit).collect();
            assert_eq!(written, format!("{shown}Z"));
        }
        assert_eq!(text(u64::MAX), "9999-12-31 23:59:59");
        assert_eq!(read(UTC_TIME, b"491231235959Z"), Ok(2_524_607_999));
        assert_eq!(read(UTC_TIME, b"500101000000Z"), Ok(0), "before 1970");
        assert_eq!(read(GENERALIZED_TIME, b"00000229000000Z"), Ok(0), "long before");
        assert_eq!(text(1_795_249_800), "2026-11-21 08:30:00");
    }

    #[test]
    fn refuses_days_that_do_not_exist_and_other_forms() {
        for bad in [
            "19000229000000Z",
            "20230229000000Z",
            "21000229000000Z",
            "20261301000000Z",
            "20261100000000Z",
            "20260101240000Z",
        ] {
            assert_eq!(read(GENERALIZED_TIME, bad.as_bytes()), Err(BadDer), "{bad}");
        }
        for bad in
            ["2601010000Z", "260101000000+0800", "26010100000Z0", "26-101000000Z", "", "Z", "2601010000000"]
        {
            assert_eq!(read(UTC_TIME, bad.as_bytes()), Err(BadDer), "{bad}");
        }
    }
}
