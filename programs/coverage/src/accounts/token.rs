//! Associated token accounts: where an owner's reward tokens are.
use pinocchio::{AccountView, Address};
use pinocchio_token::state::Account;

const ASSOCIATED_TOKEN_PROGRAM: Address = Address::from_str_const("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");

/// The account is another one, or has become somebody else's.
pub struct NotAssociated;

/// The balance of the owner's associated token account; `None` where that does not exist. The account's owner can be
/// changed, so that its address alone does not say whose it is.
pub fn associated_balance(
    account: &AccountView,
    owner: &Address,
    mint: &Address,
) -> Result<Option<u64>, NotAssociated> {
    let seeds = [owner.as_ref(), pinocchio_token::ID.as_ref(), mint.as_ref()];
    let (associated, _) = Address::find_program_address(&seeds, &ASSOCIATED_TOKEN_PROGRAM);
    if account.address() != &associated {
        return Err(NotAssociated);
    }
    let Ok(token) = Account::from_account_view(account) else {
        return Ok(None);
    };
    if token.owner() != owner || token.mint() != mint {
        return Err(NotAssociated);
    }
    Ok(Some(token.amount()))
}
