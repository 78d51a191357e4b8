//! The words of numbers that machines answer with: a type of its own for each machine, so that one machine's bit cannot be
//! looked for in another machine's answer.

/// Declares a word: `repr(transparent)` over `u32`, so the type costs nothing at run time.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq)]
        #[repr(transparent)]
        pub struct $name(u32);

        impl $name {
            /// Asks for nothing.
            pub const NONE: Self = Self(0);
            /// The id is not a live one; nothing was changed. Alone.
            pub const STALE: Self = Self($crate::core::effect::STALE);
            /// The call is not allowed in this state; nothing was changed. Alone.
            pub const REFUSED: Self = Self($crate::core::effect::REFUSED);
            /// The size is not a non-negative finite number: the host throws a RangeError. Alone, or with what erroring
            /// the stream asks for.
            pub const BAD_SIZE: Self = Self($crate::core::effect::BAD_SIZE);

            /// The word of a number that crossed to the host.
            #[inline]
            pub const fn from_bits(bits: u32) -> Self {
                Self(bits)
            }

            /// The number that crosses to the host.
            #[inline]
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// Whether it has one or more of the bits of `any`.
            #[inline]
            pub const fn has(self, any: Self) -> bool {
                self.0 & any.0 != 0
            }

            /// Whether it asks for nothing.
            #[inline]
            pub const fn is_none(self) -> bool {
                self.0 == 0
            }

            /// All but the bits of `bits`.
            #[inline]
            pub const fn without(self, bits: Self) -> Self {
                Self(self.0 & !bits.0)
            }

            /// The same where `condition` holds; else nothing.
            #[inline]
            pub const fn when(self, condition: bool) -> Self {
                if condition { self } else { Self::NONE }
            }
        }

        impl core::ops::BitOr for $name {
            type Output = Self;
            #[inline]
            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl core::ops::BitOrAssign for $name {
            #[inline]
            fn bitor_assign(&mut self, other: Self) {
                self.0 |= other.0;
            }
        }

        impl core::ops::BitAnd for $name {
            type Output = Self;
            #[inline]
            fn bitand(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(formatter, concat!(stringify!($name), "({:#x})"), self.0)
            }
        }
    };
}

/// Declares a module's word, and the answers that every machine has as constants of the module.
macro_rules! effects {
    ($(#[$doc:meta])* $name:ident) => {
        word! { $(#[$doc])* $name }

        /// The id is not a live one; nothing was changed. Alone.
        pub const STALE: $name = $name::STALE;
        /// The call is not allowed in this state; nothing was changed. Alone.
        pub const REFUSED: $name = $name::REFUSED;
        /// The size is not a non-negative finite number: the host throws a RangeError. Alone, or with what erroring the
        /// stream asks for.
        pub const BAD_SIZE: $name = $name::BAD_SIZE;
    };
}
