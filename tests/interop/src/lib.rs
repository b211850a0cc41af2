//! Two parties in one process: `tlcp` against Tongsuo, or Tongsuo against itself to prove the harness.
//!
//! A [`party::Server`] and a [`party::Client`] each keep their session stores from call to call; [`pair::meet`] joins them
//! over a socket pair, lets them run one [`exchange::Script`] and gives both ends' [`party::Outcome`]s. [`checks`] holds
//! what any server and any client must manage together.
//!
//! TLS 1.2 meets OpenSSL: [`openssl`] starts its program on loopback, as server and as client.

#[cfg(feature = "tongsuo")]
pub mod capture;
#[cfg(feature = "tongsuo")]
pub mod checks;
#[cfg(feature = "tongsuo")]
pub mod exchange;
pub mod openssl;
#[cfg(feature = "tongsuo")]
pub mod pair;
#[cfg(feature = "tongsuo")]
pub mod party;
#[cfg(feature = "tongsuo")]
pub mod pki;
#[cfg(feature = "tongsuo")]
pub mod tlcp_party;
#[cfg(feature = "tongsuo")]
pub mod tongsuo_party;
