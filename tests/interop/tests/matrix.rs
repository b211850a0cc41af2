//! Every check of [`tlcp_interop::checks`] for every pairing. Tongsuo with itself proves the checks. `Tlcp::default()` runs
//! the machine's fastest provider.

use tlcp::crypto::portable;
use tlcp_interop::checks;
use tlcp_interop::tlcp_party::Tlcp;
use tlcp_interop::tongsuo_party::Tongsuo;

fn portable() -> Tlcp {
    Tlcp { provider: portable::provider(), ..Tlcp::default() }
}

macro_rules! pairing {
    (@one $name:ident: $server:expr, $client:expr; $($check:ident)*) => {
        mod $name {
            use super::*;
            $(#[test]
            fn $check() {
                checks::$check(&$server, &$client);
            })*
        }
    };
    ($($name:ident: $server:expr, $client:expr;)*) => {
        $(pairing! { @one $name: $server, $client;
            every_suite_runs_in_full_and_then_resumes
            four_mebibytes_go_each_way
            an_empty_connection_closes_cleanly
            the_server_chooses_the_protocol
            two_common_suites_give_one
            an_optional_client_certificate_may_be_missing
            a_forgotten_session_gives_a_full_handshake
            refusals_reach_the_other_end_as_alerts
        })*
    };
}

pairing! {
    tongsuo_serves_tongsuo: Tongsuo, Tongsuo;
    tlcp_serves_tongsuo: Tlcp::default(), Tongsuo;
    tongsuo_serves_tlcp: Tongsuo, Tlcp::default();
    portable_serves_tongsuo: portable(), Tongsuo;
    tongsuo_serves_portable: Tongsuo, portable();
    tlcp_serves_tlcp: Tlcp::default(), Tlcp::default();
}
