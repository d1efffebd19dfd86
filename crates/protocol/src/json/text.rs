//! The lexical half of the scanner: string and number tokens.

/// A malformed token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadToken;

/// Measures the string token that starts at `start` (at its opening quote).
///
/// Returns the position behind the closing quote and the length of the decoded text in UTF-16 units.
pub(super) fn string_end(bytes: &[u8], start: usize) -> Result<(usize, usize), BadToken> {
    let (mut at, mut units) = (start + 1, 0);
    loop {
        match *bytes.get(at).ok_or(BadToken)? {
            b'"' => return Ok((at + 1, units)),
            b'\\' => {
                let (next, escape_units) = escape_end(bytes, at)?;
                at = next;
                units += escape_units;
            }
            0x00..=0x1f => return Err(BadToken),
            byte => {
                at += 1;
                units += utf16_units(byte);
            }
        }
    }
}

/// Returns how many UTF-16 units the character of this byte adds; continuation bytes add none.
fn utf16_units(byte: u8) -> usize {
    match byte {
        0x80..=0xbf => 0,
        0xf0..=0xff => 2,
        _ => 1,
    }
}

/// Returns the position behind the escape at `at` and its UTF-16 units; half a surrogate pair is malformed.
fn escape_end(bytes: &[u8], at: usize) -> Result<(usize, usize), BadToken> {
    match *bytes.get(at + 1).ok_or(BadToken)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok((at + 2, 1)),
        b'u' => match hex_unit(bytes, at + 2)? {
            0xd800..=0xdbff => {
                let low_follows = bytes.get(at + 6..at + 8) == Some(br"\u")
                    && matches!(hex_unit(bytes, at + 8)?, 0xdc00..=0xdfff);
                if low_follows {
                    Ok((at + 12, 2))
                } else {
                    Err(BadToken)
                }
            }
            0xdc00..=0xdfff => Err(BadToken),
            _ => Ok((at + 6, 1)),
        },
        _ => Err(BadToken),
    }
}

fn hex_unit(bytes: &[u8], at: usize) -> Result<u16, BadToken> {
    let digits = bytes.get(at..at + 4).ok_or(BadToken)?;
    digits.iter().try_fold(0_u16, |unit, byte| {
        let digit = char::from(*byte).to_digit(16).ok_or(BadToken)?;
        Ok(unit * 16 + u16::try_from(digit).map_err(|_| BadToken)?)
    })
}

/// Returns the position behind the number token that starts at `start`.
pub(super) fn number_end(bytes: &[u8], start: usize) -> Result<usize, BadToken> {
    let mut at = start + usize::from(bytes[start] == b'-');
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => digits_end(bytes, at)?,
        _ => return Err(BadToken),
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits_end(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = digits_end(bytes, at + 1 + usize::from(signed))?;
    }
    Ok(at)
}

fn digits_end(bytes: &[u8], start: usize) -> Result<usize, BadToken> {
    let count = bytes[start.min(bytes.len())..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count == 0 {
        Err(BadToken)
    } else {
        Ok(start + count)
    }
}
