//! Flat values: plain objects of a few scalars, compared between frames without being written again.

use rquickjs::{Result, Value};

use super::raw::{self, HeldNames, Name, Sort, Text};

/// Most fields of a value that is compared.
const MOST_FIELDS: usize = 32;
/// Longest text of a value that is compared, bytes.
const LONGEST_TEXT: usize = 256;

/// What a plain object held.
#[derive(Debug)]
pub(super) struct Flat(Vec<(Name, Scalar)>);

#[derive(Debug, PartialEq, Eq)]
enum Scalar {
    Undefined,
    Null,
    Bool(bool),
    /// The bits of a number; that of not-a-number may differ, which costs a comparison.
    Number(u64),
    Text(Box<str>),
}

impl Flat {
    /// Copies `value`; none when it is not flat or not small. May run code of the user.
    pub(super) fn of(
        value: &Value<'_>,
        object: &Value<'_>,
        held: &mut HeldNames,
    ) -> Result<Option<Self>> {
        if !raw::is_plain(value) || !raw::is_made_by(value, object) {
            return Ok(None);
        }
        let mut names = Vec::new();
        raw::own_names(value, &mut names)?;
        if names.len() > MOST_FIELDS || !held.hold(value, &names) {
            return Ok(None);
        }
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            match Scalar::of(&raw::property(value, name)?)? {
                Some(scalar) => fields.push((name, scalar)),
                None => return Ok(None),
            }
        }
        Ok(Some(Self(fields)))
    }

    /// Whether `value` holds just the same, in the same order. `names` is room to work in. May run code of the user.
    pub(super) fn equals(
        &self,
        value: &Value<'_>,
        object: &Value<'_>,
        names: &mut Vec<Name>,
    ) -> Result<bool> {
        if !raw::is_plain(value) || !raw::is_made_by(value, object) {
            return Ok(false);
        }
        raw::own_names(value, names)?;
        if names.len() != self.0.len() {
            return Ok(false);
        }
        for (name, (known, scalar)) in names.iter().zip(&self.0) {
            if name != known || !scalar.equals(&raw::property(value, *name)?)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Scalar {
    fn of(value: &Value<'_>) -> Result<Option<Self>> {
        Ok(Some(match raw::sort(value) {
            Sort::Nothing => match value.as_bool() {
                Some(bool) => Self::Bool(bool),
                None if value.is_null() => Self::Null,
                None => Self::Undefined,
            },
            Sort::Number => match value.as_number() {
                Some(number) => Self::Number(number.to_bits()),
                None => return Ok(None),
            },
            Sort::String => match Text::of(value)? {
                Some(text) if text.len() <= LONGEST_TEXT => Self::Text((*text).into()),
                _ => return Ok(None),
            },
            Sort::Object | Sort::Other => return Ok(None),
        }))
    }

    fn equals(&self, value: &Value<'_>) -> Result<bool> {
        Ok(match self {
            Self::Undefined => value.is_undefined(),
            Self::Null => value.is_null(),
            Self::Bool(bool) => value.as_bool() == Some(*bool),
            Self::Number(bits) => value.as_number().map(f64::to_bits) == Some(*bits),
            Self::Text(known) => {
                raw::sort(value) == Sort::String
                    && Text::of(value)?.is_some_and(|text| *text == **known)
            }
        })
    }
}
