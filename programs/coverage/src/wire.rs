//! Bytes on the wire and in accounts: borsh, as Anchor's clients read and write it.
use coverage_rules::emission::product;
use pinocchio::{error::ProgramError, Address};

use crate::errors::CoverageError::{self, MalformedArguments};

/// A value that is its own bytes.
///
/// # Safety
/// `Self` must have alignment 1, no padding and be valid for every bit pattern.
pub unsafe trait Plain: Copy {}

// SAFETY: a byte.
unsafe impl Plain for u8 {}
// SAFETY: a transparent array of bytes.
unsafe impl Plain for Address {}
// SAFETY: an array has its elements' alignment and no padding between them.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// The bytes of a plain value.
pub fn bytes_of<T: Plain>(value: &T) -> &[u8] {
    // SAFETY: a `Plain` has no padding, so all its `size_of` bytes are initialized.
    unsafe { core::slice::from_raw_parts(core::ptr::from_ref(value).cast(), size_of::<T>()) }
}

/// Bytes of exactly `T`'s length as a `T`.
pub fn from_bytes<T: Plain>(bytes: &[u8]) -> Option<&T> {
    // SAFETY: the length is checked; alignment 1 and any bit pattern by `Plain`'s contract.
    (bytes.len() == size_of::<T>()).then(|| unsafe { &*bytes.as_ptr().cast() })
}

/// Like `from_bytes`, to write.
pub fn from_bytes_mut<T: Plain>(bytes: &mut [u8]) -> Option<&mut T> {
    // SAFETY: as in `from_bytes`; the borrow is exclusive.
    (bytes.len() == size_of::<T>()).then(|| unsafe { &mut *bytes.as_mut_ptr().cast() })
}

macro_rules! little_endian {
    ($($Name:ident: $int:ty = $idl:literal;)*) => {$(
        /// A little-endian number of alignment 1.
        #[repr(transparent)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $Name([u8; size_of::<$int>()]);
        impl $Name {
            pub const fn new(value: $int) -> Self {
                Self(value.to_le_bytes())
            }
            pub const fn get(self) -> $int {
                <$int>::from_le_bytes(self.0)
            }
        }
        // SAFETY: a transparent array of bytes.
        unsafe impl Plain for $Name {}
        #[cfg(test)]
        impl crate::contract::Described for $Name {
            fn idl() -> std::string::String {
                $idl.into()
            }
        }
    )*};
}
little_endian! {
    U16: u16 = "u16";
    U32: u32 = "u32";
    U64: u64 = "u64";
    I32: i32 = "i32";
}

/// A bool in an account; any byte but 0 is true.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bool(u8);
impl Bool {
    pub const fn new(value: bool) -> Self {
        Self(value as u8)
    }
    pub const fn get(self) -> bool {
        self.0 != 0
    }
}
// SAFETY: a transparent byte.
unsafe impl Plain for Bool {}

/// Declares a struct that is its own bytes, and for the contract test its fields with their offsets.
macro_rules! layout {
    ($(#[$meta:meta])* pub struct $Name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $Name { $($(#[$doc])* pub $field: $type,)* }

        const _: () = {
            const fn plain<T: $crate::wire::Plain>() -> usize { size_of::<T>() }
            // In repr(C) with alignment 1 there is no padding; the fields are plain.
            assert!(align_of::<$Name>() == 1 && size_of::<$Name>() == 0 $(+ plain::<$type>())*);
        };
        // SAFETY: repr(C); alignment, size and plain fields are asserted above.
        unsafe impl $crate::wire::Plain for $Name {}

        #[cfg(test)]
        impl $crate::contract::Described for $Name {
            fn idl() -> std::string::String { stringify!($Name).into() }
        }
        #[cfg(test)]
        impl $crate::contract::Fields for $Name {
            fn fields() -> std::vec::Vec<$crate::contract::Field> {
                std::vec![$($crate::contract::Field {
                    name: stringify!($field),
                    idl: <$type as $crate::contract::Described>::idl(),
                    offset: Some(core::mem::offset_of!($Name, $field)),
                },)*]
            }
        }
    };
}
pub(crate) use layout;

/// Reads borsh-encoded arguments.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self(data)
    }
    fn take(&mut self, length: usize) -> Result<&'a [u8], CoverageError> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(MalformedArguments)?;
        self.0 = tail;
        Ok(head)
    }
    pub fn end(&self) -> Result<(), CoverageError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(MalformedArguments)
        }
    }
}

/// A value that arguments can hold; what is large is borrowed from the instruction data.
pub trait Argument<'a>: Sized {
    fn read(reader: &mut Reader<'a>) -> Result<Self, CoverageError>;
}

impl<'a, T: Plain> Argument<'a> for &'a T {
    fn read(reader: &mut Reader<'a>) -> Result<Self, CoverageError> {
        from_bytes(reader.take(size_of::<T>())?).ok_or(MalformedArguments)
    }
}

/// A vec. Its elements are plain, so its bytes are the slice.
impl<'a, T: Plain> Argument<'a> for &'a [T] {
    fn read(reader: &mut Reader<'a>) -> Result<Self, CoverageError> {
        let count = u32::read(reader)?;
        let length = product(u64::from(count), size_of::<T>() as u64).ok_or(MalformedArguments)?;
        let bytes = reader.take(usize::try_from(length).map_err(|_| MalformedArguments)?)?;
        // SAFETY: `bytes` holds `count` values; alignment 1 and any bit pattern by `Plain`'s contract.
        Ok(unsafe { core::slice::from_raw_parts(bytes.as_ptr().cast(), count as usize) })
    }
}

impl<'a, T: Argument<'a>> Argument<'a> for Option<T> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, CoverageError> {
        Ok(if bool::read(reader)? {
            Some(T::read(reader)?)
        } else {
            None
        })
    }
}

impl<'a> Argument<'a> for bool {
    fn read(reader: &mut Reader<'a>) -> Result<Self, CoverageError> {
        match u8::read(reader)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(MalformedArguments),
        }
    }
}

macro_rules! number_argument {
    ($($int:ty),*) => {$(
        impl<'a> Argument<'a> for $int {
            fn read(reader: &mut Reader<'a>) -> Result<Self, CoverageError> {
                Ok(Self::from_le_bytes(*<&[u8; size_of::<$int>()]>::read(reader)?))
            }
        }
    )*};
}
number_argument!(u8, u32, u64);

/// Declares what an instruction was told, in the order of its bytes.
macro_rules! arguments {
    ($(#[$meta:meta])* pub struct $Name:ident$(<$of:lifetime>)? { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        pub struct $Name$(<$of>)? { $($(#[$doc])* pub $field: $type,)* }

        impl<'a> $crate::wire::Argument<'a> for $Name$(<$of>)? {
            fn read(reader: &mut $crate::wire::Reader<'a>) -> Result<Self, $crate::errors::CoverageError> {
                Ok(Self { $($field: <$type as $crate::wire::Argument<'a>>::read(reader)?,)* })
            }
        }
        #[cfg(test)]
        impl$(<$of>)? $crate::contract::Described for $Name$(<$of>)? {
            fn idl() -> std::string::String { stringify!($Name).into() }
        }
        #[cfg(test)]
        impl$(<$of>)? $crate::contract::Fields for $Name$(<$of>)? {
            fn fields() -> std::vec::Vec<$crate::contract::Field> {
                std::vec![$($crate::contract::Field {
                    name: stringify!($field),
                    idl: <$type as $crate::contract::Described>::idl(),
                    offset: None,
                },)*]
            }
        }
    };
}
pub(crate) use arguments;

/// Of an instruction that was told nothing.
pub struct NoArguments;

impl<'a> Argument<'a> for NoArguments {
    fn read(_: &mut Reader<'a>) -> Result<Self, CoverageError> {
        Ok(Self)
    }
}
#[cfg(test)]
impl crate::contract::Fields for NoArguments {
    fn fields() -> std::vec::Vec<crate::contract::Field> {
        std::vec::Vec::new()
    }
}

/// `sha256("<kind>:<name>")[..8]`, Anchor's discriminator.
pub const fn discriminator(kind: &str, name: &str) -> [u8; 8] {
    let hash = sha2_const_stable::Sha256::new()
        .update(kind.as_bytes())
        .update(b":")
        .update(name.as_bytes())
        .finalize();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    [a, b, c, d, e, f, g, h]
}

/// The arguments of an instruction, read to their last byte.
pub fn read_arguments<'a, T: Argument<'a>>(data: &'a [u8]) -> Result<T, ProgramError> {
    let mut reader = Reader::new(data);
    let arguments = T::read(&mut reader)?;
    reader.end()?;
    Ok(arguments)
}
