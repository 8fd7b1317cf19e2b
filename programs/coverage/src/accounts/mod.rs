//! The accounts that the program owns: discriminator, version, bump, then the fields. Layouts never change; a new
//! layout is a new version.
pub mod ballot;
pub mod credits;
pub mod hotspot;
pub mod ledger;
pub mod maker;
pub mod motion;
pub mod network;
pub mod payee;
pub mod stored;
pub mod succession;
pub mod timed;
pub mod token;

#[cfg(test)]
pub fn all() -> std::vec::Vec<crate::contract::Declared> {
    fn declared<T: stored::Stored + crate::contract::Described + crate::contract::Fields>() -> crate::contract::Declared
    {
        assert!(T::fields()
            .iter()
            .map(|field| field.name)
            .take(2)
            .eq(["version", "bump"]));
        crate::contract::Declared::of::<T>(T::DISCRIMINATOR)
    }
    std::vec![
        declared::<network::Network>(),
        declared::<ledger::Ledger>(),
        declared::<hotspot::Hotspot>(),
        declared::<payee::Payee>(),
        declared::<ballot::Ballot>(),
        declared::<motion::Motion>(),
        declared::<credits::Credits>(),
        declared::<maker::Maker>(),
    ]
}
