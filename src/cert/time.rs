//! Times in certificates as Unix seconds, and back.
use super::der::{self, BadDer, GENERALIZED_TIME, UTC_TIME};
use alloc::{format, string::String, vec::Vec};

const DAY: i64 = 86_400;

/// Reads a UTCTime (`YYMMDDHHMMSSZ`) or GeneralizedTime (`YYYYMMDDHHMMSSZ`), as DER writes them. Before 1970: 0.
pub(super) fn read(tag: u8, value: &[u8]) -> Result<u64, BadDer> {
    let (year, rest) = match (tag, value.len()) {
        (UTC_TIME, 13) => {
            let year = two(value, 0)?;
            (if year < 50 { 2000 } else { 1900 } + year, value.get(2..))
        }
        (GENERALIZED_TIME, 15) => (two(value, 0)? * 100 + two(value, 2)?, value.get(4..)),
        _ => return Err(BadDer),
    };
    let rest = rest.ok_or(BadDer)?;
    let (month, day) = (two(rest, 0)?, two(rest, 2)?);
    let (hour, minute, second) = (two(rest, 4)?, two(rest, 6)?, two(rest, 8)?);
    let days = days_since_1970(year, month, day);
    let real = (1..=12).contains(&month) && day >= 1 && civil(days) == (year, month, day);
    if rest.get(10) != Some(&b'Z') || !real || hour > 23 || minute > 59 || second > 59 {
        return Err(BadDer);
    }
    Ok(u64::try_from(days * DAY + hour * 3600 + minute * 60 + second).unwrap_or(0))
}

/// The DER of a time in the form that RFC 5280 asks for: UTCTime until 2049, GeneralizedTime from 2050 on.
#[cfg_attr(not(feature = "pki"), allow(dead_code))]
pub(crate) fn write(unix: u64) -> Vec<u8> {
    let text: String = text(unix).chars().filter(char::is_ascii_digit).collect();
    match text.get(2..) {
        Some(short) if text.as_str() < "2050" => der::element(UTC_TIME, &[short.as_bytes(), b"Z"]),
        _ => der::element(GENERALIZED_TIME, &[text.as_bytes(), b"Z"]),
    }
}

/// `2026-11-21 08:30:00`, in UTC; no later than the year 9999.
pub(crate) fn text(unix: u64) -> String {
    const LAST: i64 = 253_402_300_799;
    let unix = i64::try_from(unix).unwrap_or(LAST).min(LAST);
    let (year, month, day) = civil(unix / DAY);
    let second = unix % DAY;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

fn two(digits: &[u8], at: usize) -> Result<i64, BadDer> {
    match digits.get(at..) {
        Some([a @ b'0'..=b'9', b @ b'0'..=b'9', ..]) => Ok(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        _ => Err(BadDer),
    }
}

/// Days from 1970-01-01 in the Gregorian calendar; years begin in March, so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// (year, month, day) of a day from 1970-01-01 on; the inverse of [`days_since_1970`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
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
    fn reads_and_writes_known_times() {
        for (text, unix) in KNOWN {
            assert_eq!(read(GENERALIZED_TIME, text.as_bytes()), Ok(unix), "{text}");
            let again = write(unix);
            let element = der::Der::new(&again).next().unwrap();
            assert_eq!(element.tag == UTC_TIME, unix < 2_524_608_000);
            assert_eq!(read(element.tag, element.value), Ok(unix));
        }
        assert_eq!(read(UTC_TIME, b"491231235959Z"), Ok(2_524_607_999));
        assert_eq!(read(UTC_TIME, b"500101000000Z"), Ok(0), "before 1970");
        assert_eq!(text(1_795_249_800), "2026-11-21 08:30:00");
    }

    #[test]
    fn refuses_days_that_do_not_exist_and_other_forms() {
        for bad in
            ["20230229000000Z", "21000229000000Z", "20261301000000Z", "20261100000000Z", "20260101240000Z"]
        {
            assert_eq!(read(GENERALIZED_TIME, bad.as_bytes()), Err(BadDer), "{bad}");
        }
        for bad in ["2601010000Z", "260101000000+0800", "26010100000Z0", "26-101000000Z"] {
            assert_eq!(read(UTC_TIME, bad.as_bytes()), Err(BadDer), "{bad}");
        }
    }
}
