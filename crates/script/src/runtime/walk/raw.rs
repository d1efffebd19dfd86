//! The only unsafe code of this crate: reading values of the engine without conversions.
//!
//! A value is held by its reference count as long as a `Value` stands for it, so code of the user that runs in
//! between (a getter, a trap of a proxy) may change or drop the object it was read from. Names live as long as their
//! runtime. What the engine throws stays pending in its context and comes back as [`Error::Exception`].
#![expect(
    unsafe_code,
    reason = "reading a tree through conversions costs several times as much"
)]

use std::collections::HashSet;
use std::ffi::{c_char, c_void};
use std::ops::Deref;
use std::ptr;
use std::slice;

use rquickjs::{Ctx, Error, Result, Type, Value, qjs};

/// Number of the class of plain objects: the first that the engine makes.
const PLAIN_OBJECTS: qjs::JSClassID = 1;

/// An interned property name. Valid in the runtime that made it, as long as that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name(qjs::JSAtom);

impl Name {
    /// Interns `text`. Each call holds the name once more until the runtime ends: for a fixed set of names.
    pub(super) fn intern(ctx: &Ctx<'_>, text: &str) -> Result<Self> {
        // SAFETY: the context lives as long as `ctx`; the engine copies the bytes, whose length is given.
        let atom = unsafe {
            qjs::JS_NewAtomLen(ctx.as_raw().as_ptr(), text.as_ptr().cast(), text.len() as _)
        };
        match atom {
            qjs::JS_ATOM_NULL => Err(Error::Exception),
            // The reference is never given back: at its end the runtime frees the names that are left.
            atom => Ok(Self(atom)),
        }
    }

    /// Holds a name that was found in an object until the runtime ends: for few names.
    fn hold(self, ctx: &Ctx<'_>) {
        // SAFETY: whoever has found the name holds the object that it is a name of.
        unsafe { qjs::JS_DupAtom(ctx.as_raw().as_ptr(), self.0) };
    }
}

/// Names that are held until the runtime ends, though nobody knew them when it began.
#[derive(Debug, Default)]
pub(super) struct HeldNames(HashSet<Name>);

impl HeldNames {
    /// Most names that are held.
    const MOST: usize = 4096;

    /// Makes sure that `names`, which were just found in `object`, stay what they are. False when they are too many.
    pub(super) fn hold(&mut self, object: &Value<'_>, names: &[Name]) -> bool {
        for name in names {
            if self.0.contains(name) {
                continue;
            }
            if self.0.len() == Self::MOST {
                return false;
            }
            name.hold(object.ctx());
            self.0.insert(*name);
        }
        true
    }
}

/// Takes over what a function of the engine has returned.
///
/// # Safety
/// `value` must be owned by the caller and of the runtime of `ctx`.
unsafe fn owned<'js>(ctx: &Ctx<'js>, value: qjs::JSValue) -> Result<Value<'js>> {
    // SAFETY: looks at the tag alone.
    match unsafe { qjs::JS_IsException(value) } {
        true => Err(Error::Exception),
        // SAFETY: as the caller promises.
        false => Ok(unsafe { Value::from_raw(ctx.clone(), value) }),
    }
}

/// Reads a property, as `object.name` does. May run code of the user.
pub(super) fn property<'js>(object: &Value<'js>, name: Name) -> Result<Value<'js>> {
    let ctx = object.ctx();
    // SAFETY: `object` holds its value for the time of the call, the name is of this runtime, and the result is owned.
    unsafe {
        let value = qjs::JS_GetProperty(ctx.as_raw().as_ptr(), object.as_raw(), name.0);
        owned(ctx, value)
    }
}

/// Reads an item of a list. May run code of the user.
pub(super) fn item<'js>(list: &Value<'js>, index: u32) -> Result<Value<'js>> {
    let ctx = list.ctx();
    // SAFETY: as in `property`.
    unsafe {
        let value = qjs::JS_GetPropertyUint32(ctx.as_raw().as_ptr(), list.as_raw(), index);
        owned(ctx, value)
    }
}

/// Sets an item of a list.
pub(super) fn set_item<'js>(list: &Value<'js>, index: u32, value: Value<'js>) -> Result<()> {
    let ctx = list.ctx().as_raw().as_ptr();
    // SAFETY: the engine takes over one reference, which is made for it; `list` and `value` are held meanwhile.
    let set = unsafe {
        let given = qjs::JS_DupValue(ctx, value.as_raw());
        qjs::JS_SetPropertyUint32(ctx, list.as_raw(), index, given)
    };
    match set {
        -1 => Err(Error::Exception),
        _ => Ok(()),
    }
}

/// Whether two values are the same: equal scalars, or one object. Runs no code of the user.
pub(super) fn is_same(one: &Value<'_>, other: &Value<'_>) -> bool {
    let ctx = one.ctx().as_raw().as_ptr();
    // SAFETY: both values are held, and stay so.
    unsafe { qjs::JS_IsSameValue(ctx, one.as_raw(), other.as_raw()) }
}

/// Whether jobs wait that some code has left behind.
pub(super) fn jobs_wait(ctx: &Ctx<'_>) -> bool {
    // SAFETY: the runtime lives as long as its context.
    unsafe { qjs::JS_IsJobPending(qjs::JS_GetRuntime(ctx.as_raw().as_ptr())) }
}

/// The length of a list.
pub(super) fn length(list: &Value<'_>) -> Result<u32> {
    let mut length = 0;
    // SAFETY: `list` is held, and `length` is written before the call returns 0.
    let read =
        unsafe { qjs::JS_GetLength(list.ctx().as_raw().as_ptr(), list.as_raw(), &raw mut length) };
    match read {
        0 => Ok(u32::try_from(length).unwrap_or(u32::MAX)),
        _ => Err(Error::Exception),
    }
}

/// What matters of a value in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Null, undefined, true and false.
    Nothing,
    /// A string.
    String,
    /// A number of any kind.
    Number,
    /// An object, a list or a function.
    Object,
    /// Something that cannot be shown.
    Other,
}

/// What sort of value `value` is.
pub(super) fn sort(value: &Value<'_>) -> Sort {
    // SAFETY: looks at the tag alone.
    match unsafe { qjs::JS_VALUE_GET_NORM_TAG(value.as_raw()) } {
        qjs::JS_TAG_NULL | qjs::JS_TAG_UNDEFINED | qjs::JS_TAG_BOOL => Sort::Nothing,
        qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => Sort::String,
        qjs::JS_TAG_INT | qjs::JS_TAG_FLOAT64 | qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => {
            Sort::Number
        }
        qjs::JS_TAG_OBJECT => Sort::Object,
        _ => Sort::Other,
    }
}

/// Whether `value` is a list of the language itself; false for a proxy of one.
pub(super) fn is_list(value: &Value<'_>) -> bool {
    // SAFETY: looks at the tag and at the head of the object, which is held.
    unsafe { qjs::JS_IsArray(value.as_raw()) }
}

/// Whether `value` is an object of no special kind: no list, no function, no proxy. Runs no code of the user.
pub(super) fn is_plain(value: &Value<'_>) -> bool {
    // SAFETY: looks at the tag and at the head of the object, which is held.
    unsafe { qjs::JS_GetClassID(value.as_raw()) == PLAIN_OBJECTS }
}

/// Whether `prototype` is just above `object`, which must be [plain](is_plain). Runs no code of the user.
pub(super) fn is_made_by(object: &Value<'_>, prototype: &Value<'_>) -> bool {
    let ctx = object.ctx().as_raw().as_ptr();
    // SAFETY: `object` is held. The result is owned and given back at once; only its address is kept.
    let above = unsafe {
        let above = qjs::JS_GetPrototype(ctx, object.as_raw());
        qjs::JS_FreeValue(ctx, above);
        match qjs::JS_VALUE_GET_TAG(above) {
            qjs::JS_TAG_OBJECT => qjs::JS_VALUE_GET_PTR(above),
            _ => ptr::null_mut(),
        }
    };
    ptr::eq(above, address(prototype))
}

/// The address of an object or symbol; null for anything else. Says which one it is as long as it is held.
pub(super) fn address(value: &Value<'_>) -> *const c_void {
    match value.is_object() || value.type_of() == Type::Symbol {
        // SAFETY: objects and symbols are the kinds of values that are pointers.
        true => unsafe { qjs::JS_VALUE_GET_PTR(value.as_raw()) },
        false => ptr::null(),
    }
}

/// Puts the names of the enumerable properties of a [plain](is_plain) object into `names`, in their order. Symbols
/// are left out. Runs no code of the user. A name is held by the object that has it, or by whoever interned it.
pub(super) fn own_names(object: &Value<'_>, names: &mut Vec<Name>) -> Result<()> {
    names.clear();
    let ctx = object.ctx().as_raw().as_ptr();
    let mut table: *mut qjs::JSPropertyEnum = ptr::null_mut();
    let mut count = 0;
    let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as i32;
    // SAFETY: `object` is held; both places are written when the call returns 0.
    let read = unsafe {
        qjs::JS_GetOwnPropertyNames(ctx, &raw mut table, &raw mut count, object.as_raw(), flags)
    };
    if read != 0 {
        return Err(Error::Exception);
    }
    if !table.is_null() {
        // SAFETY: the engine has made a table of `count` names, which is ours until it is freed here, once.
        unsafe {
            let found = slice::from_raw_parts(table, count as usize);
            names.extend(found.iter().map(|property| Name(property.atom)));
            qjs::JS_FreePropertyEnum(ctx, table, count);
        }
    }
    Ok(())
}

/// The text of a string, without a copy when the engine holds it as ASCII.
pub(super) struct Text<'js> {
    ctx: Ctx<'js>,
    bytes: *const c_char,
    length: usize,
}

impl<'js> Text<'js> {
    /// The text of `value`, which must be a string, a number or the like. None when it holds half a character.
    pub(super) fn of(value: &Value<'js>) -> Result<Option<Self>> {
        let ctx = value.ctx().clone();
        let mut length = 0;
        // SAFETY: `value` is held; `length` is written when the result is not null.
        let bytes = unsafe {
            qjs::JS_ToCStringLen2(
                ctx.as_raw().as_ptr(),
                &raw mut length,
                value.as_raw(),
                false,
            )
        };
        if bytes.is_null() {
            return Err(Error::Exception);
        }
        let length = length as usize;
        let text = Self { ctx, bytes, length };
        Ok(str::from_utf8(text.bytes()).is_ok().then_some(text))
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the engine keeps `length` bytes there, unchanged, until they are given back in `drop`.
        unsafe { slice::from_raw_parts(self.bytes.cast(), self.length) }
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        // SAFETY: `of` lets no other text through.
        unsafe { str::from_utf8_unchecked(self.bytes()) }
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        // SAFETY: the bytes came from the engine and are given back once.
        unsafe { qjs::JS_FreeCString(self.ctx.as_raw().as_ptr(), self.bytes) }
    }
}
