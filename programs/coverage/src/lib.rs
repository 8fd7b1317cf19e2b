solana_address::declare_id!("861id8b8CAGUU2K2CogKXGgZNYModMGNrGYkiKSSpM5n");
