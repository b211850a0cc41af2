#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;
use crate::alert::alert_for;

fn refusal(content_type: ContentType, fragment: &[u8]) -> Option<AlertDescription> {
    alert_for(&check_fragment(content_type, fragment).expect_err("a bad fragment"))
}

/// R-REC-39, R-AL-7
#[test]
fn an_alert_is_two_bytes_of_a_known_level() {
    let warning = Alert::warning(AlertDescription::CLOSE_NOTIFY);
    assert_eq!(alert_of(&[1, 0]), Ok(warning));
    assert_eq!(alert_of(&[2, 40]), Ok(Alert::fatal(AlertDescription::HANDSHAKE_FAILURE)));
    assert_eq!(alert_of(&[2, 99]), Ok(Alert::fatal(AlertDescription(99))), "the level decides");
    for bad in [&[][..], &[1], &[1, 0, 1], &[1, 0, 1, 0]] {
        assert_eq!(refusal(ContentType::ALERT, bad), Some(AlertDescription::DECODE_ERROR), "{bad:?}");
    }
    for level in [0, 3, 255] {
        assert_eq!(refusal(ContentType::ALERT, &[level, 0]), Some(AlertDescription::ILLEGAL_PARAMETER));
    }
}

/// R-REC-39, R-HS-30
#[test]
fn a_change_cipher_spec_is_the_byte_one() {
    assert_eq!(check_fragment(ContentType::CHANGE_CIPHER_SPEC, &[1]), Ok(()));
    for bad in [&[][..], &[1, 1]] {
        assert_eq!(refusal(ContentType::CHANGE_CIPHER_SPEC, bad), Some(AlertDescription::DECODE_ERROR));
    }
    for bad in [0, 2, 255] {
        let alert = refusal(ContentType::CHANGE_CIPHER_SPEC, &[bad]);
        assert_eq!(alert, Some(AlertDescription::ILLEGAL_PARAMETER));
    }
}

/// R-REC-39, R-REC-9
#[test]
fn only_application_data_may_be_empty() {
    assert_eq!(check_fragment(ContentType::APPLICATION_DATA, &[]), Ok(()));
    assert_eq!(check_fragment(ContentType::HANDSHAKE, &[14]), Ok(()));
    assert_eq!(refusal(ContentType::HANDSHAKE, &[]), Some(AlertDescription::UNEXPECTED_MESSAGE));
    assert_eq!(refusal(ContentType(24), &[1]), Some(AlertDescription::UNEXPECTED_MESSAGE));
}

/// R-REC-8
#[test]
fn content_has_at_most_16384_bytes() {
    let bytes = [0; MAX_PLAINTEXT + 1];
    assert_eq!(check_fragment(ContentType::APPLICATION_DATA, &bytes[1..]), Ok(()));
    assert_eq!(refusal(ContentType::APPLICATION_DATA, &bytes), Some(AlertDescription::RECORD_OVERFLOW));
}

fn ends_after(patience: &mut Patience, n: u32, what: fn(&mut Patience) -> Result<(), Error>) {
    for i in 0..n {
        assert_eq!(what(patience), Ok(()), "number {i}");
    }
    let error = what(patience).expect_err("one too many");
    assert_eq!(alert_for(&error), Some(AlertDescription::UNEXPECTED_MESSAGE));
}

/// R-REC-38
#[test]
fn bears_so_much_in_a_row_and_starts_anew_after_progress() {
    for _ in 0..3 {
        let mut patience = Patience::default();
        ends_after(&mut patience, 32, Patience::empty_record);
        patience.progress();
        ends_after(&mut patience, 32, Patience::empty_record);
        ends_after(&mut patience, 4, Patience::warning);
        patience.progress();
        ends_after(&mut patience, 4, Patience::warning);
    }
}

/// R-REC-38
#[test]
fn progress_does_not_make_up_for_renegotiations() {
    let mut patience = Patience::default();
    for _ in 0..4 {
        patience.refused_renegotiation().unwrap();
        patience.progress();
    }
    assert!(patience.refused_renegotiation().is_err());
    let none = PatienceLimits { empty_records: 0, warnings: 0, renegotiations: 0 };
    ends_after(&mut Patience::new(none), 0, Patience::refused_renegotiation);
}
