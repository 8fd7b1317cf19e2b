//! Which accounts an instruction takes: flags and fixed addresses are checked before it runs.
use pinocchio::{AccountView, Address};

use crate::errors::CoverageError::{self, AccountReadOnly, SignerMissing, WrongProgram};

/// What is asked of one account.
pub struct Taken {
    pub name: &'static str,
    pub signer: bool,
    pub writable: bool,
    pub address: Option<&'static Address>,
}

impl Taken {
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            signer: false,
            writable: false,
            address: None,
        }
    }
    pub const fn signer(self) -> Self {
        Self { signer: true, ..self }
    }
    pub const fn writable(self) -> Self {
        Self { writable: true, ..self }
    }
    pub const fn address(self, address: &'static Address) -> Self {
        Self {
            address: Some(address),
            ..self
        }
    }

    #[inline(always)]
    pub fn check(&self, account: &AccountView) -> Result<(), CoverageError> {
        if self.signer && !account.is_signer() {
            return Err(SignerMissing);
        }
        if self.writable && !account.is_writable() {
            return Err(AccountReadOnly);
        }
        if self.address.is_some_and(|address| account.address() != address) {
            return Err(WrongProgram);
        }
        Ok(())
    }
}

/// Declares an instruction's accounts in their order; more than these are ignored.
macro_rules! accounts {
    ($($name:ident [$($flag:ident$(: $address:expr)?),*],)*) => {
        pub struct Accounts<'a> { $(pub $name: &'a mut pinocchio::AccountView,)* }

        impl<'a> Accounts<'a> {
            pub const TAKEN: &'static [$crate::takes::Taken] =
                &[$($crate::takes::Taken::new(stringify!($name))$(.$flag($($address)?))*,)*];

            pub fn parse(
                accounts: &'a mut [pinocchio::AccountView],
            ) -> Result<Self, $crate::errors::CoverageError> {
                let [$($name,)* ..] = accounts else {
                    return Err($crate::errors::CoverageError::AccountsMissing);
                };
                let mut taken = Self::TAKEN.iter();
                $(taken.next().map_or(Ok(()), |taken| taken.check($name))?;)*
                Ok(Self { $($name,)* })
            }
        }
    };
}
pub(crate) use accounts;
