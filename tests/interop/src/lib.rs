//! Two parties in one process: `tlcp` against Tongsuo, or Tongsuo against itself to prove the harness.
//!
//! A [`party::Server`] and a [`party::Client`] each keep their session stores from call to call; [`pair::meet`] joins them
//! over a socket pair, lets them run one [`exchange::Script`] and gives both ends' [`party::Outcome`]s. [`checks`] holds
//! what any server and any client must manage together.

pub mod capture;
pub mod checks;
pub mod exchange;
pub mod pair;
pub mod party;
pub mod pki;
pub mod tlcp_party;
pub mod tongsuo_party;
