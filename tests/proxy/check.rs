//! `tlcp proxy --check`: what is wrong with a file is told with the file, the key, and what to do.
use super::gateway::folder;
use super::program::{Folder, run};

fn check(folder: &Folder, text: &str) -> super::program::Finished {
    let file = folder.write("gateway.toml", text);
    run(&["proxy", "--check", &file], &[])
}

const GOOD: &str = "[[terminate]]\nlisten = '127.0.0.1:0'\nto = '127.0.0.1:8080'\nidentity = 'server.pem'\n";

/// Paths begin where the file is, wherever the program runs.
#[test]
fn a_good_file_is_called_good_and_nothing_is_opened() {
    let folder = folder();
    let text = format!(
        "{GOOD}proxy-protocol = true\n\n[[terminate.name]]\nnames = ['a.example', '*.b.example']\n\
         identity = [['tls-server.crt', 'tls-server.key']]\nto = '127.0.0.1:8081'\nalpn = ['h2', 'http/1.1']\n\n\
         keylog = 'keys.log'\n\n\
         [[originate]]\nlisten = '127.0.0.1:1'\nconnect = 'bank.example:443'\nca = 'ca.crt'\nidentity = 'client.pem'\n\n\
         [timeouts]\nidle = 60\n[limits]\nconnections = 10\nper-address = 2\n[log]\nformat = 'json'\n[metrics]\nlisten = '127.0.0.1:0'\n"
    );
    // port 1 cannot be had by just anybody, and is not tried
    let out = check(&folder, &text).succeeded().out();
    assert!(out.ends_with("gateway.toml: good: 2 ports, 2 names\n"), "{out}");
    assert!(!std::path::Path::new(&folder.file("keys.log")).exists());
}

#[test]
fn what_is_wrong_is_told_with_file_key_and_what_to_do() {
    let folder = folder();
    folder.write("garbage.pem", "garbage");
    let on = |more: &str| format!("{GOOD}{more}");
    let without = |line: &str| GOOD.replace(line, "");
    for (text, parts) in [
        (String::new(), ["gateway.toml: terminate: is missing", "[[terminate]] or [[originate]]"]),
        (String::from("a = [\n1\n"), ["gateway.toml: line ", "toml.io"]),
        (
            on("lisen = 'x'\n"),
            ["gateway.toml: terminate[0].lisen: has no place here", "what can stand here: listen"],
        ),
        (on("[limit]\n"), ["gateway.toml: limit: has no place here", "timeouts, limits, log, metrics"]),
        (on("[timeouts]\nidle = '1'\n"), ["gateway.toml: timeouts.idle: \"1\" is not", "from 1 to 86400"]),
        (on("[limits]\nconnections = 0\n"), ["gateway.toml: limits.connections: 0 is not", "from 1 to"]),
        (on("[log]\nformat = 'xml'\n"), ["gateway.toml: log.format: \"xml\" is no choice", "text, json"]),
        (on("[metrics]\nlisten = '0.0.0.0:9443'\n"), ["gateway.toml: metrics.listen:", "127.0.0.1:9443"]),
        (on("client-auth = 'require'\n"), ["gateway.toml: terminate[0].ca: is missing", "whose clients"]),
        (on("suite = 'RC4'\n"), ["gateway.toml: terminate[0].suite RC4: no such suite", "ECC_SM4_GCM_SM3"]),
        (on("ca = 'none.crt'\n"), ["gateway.toml: terminate[0].ca: ", "none.crt"]),
        (on("ca = 'garbage.pem'\n"), ["gateway.toml: terminate[0].ca: ", "file 1"]),
        (
            on("alpn = ''\n"),
            ["gateway.toml: terminate[0]: an ALPN name has 0 bytes", "terminate[0].identity"],
        ),
        (
            on(GOOD).replace(":0", ":7"),
            ["gateway.toml: listen: 127.0.0.1:7 stands twice", "[[terminate.name]]"],
        ),
        (without("to = '127.0.0.1:8080'\n"), ["gateway.toml: terminate[0].to: is missing", "127.0.0.1:8080"]),
        (without("listen = '127.0.0.1:0'\n"), ["gateway.toml: terminate[0].listen: is missing", ":443"]),
        (
            without("identity = 'server.pem'\n"),
            ["gateway.toml: terminate[0].identity: is missing", "[[terminate.name]]"],
        ),
        (
            GOOD.replace("8080", "http"),
            ["gateway.toml: terminate[0].to: \"127.0.0.1:http\"", "host.example:443"],
        ),
        (
            GOOD.replace("127.0.0.1:0", "here"),
            ["gateway.toml: terminate[0].listen: \"here\"", "127.0.0.1:4433"],
        ),
        (GOOD.replace("server", "garbage"), ["gateway.toml: terminate[0].identity: ", "as TLCP's pair"]),
        (
            GOOD.replace("server.pem", "ca.crt"),
            ["gateway.toml: terminate[0].identity: ", "as TLS's certificate"],
        ),
    ] {
        check(&folder, &text).failed_with(1, &parts);
    }
}

/// What is found without opening either.
#[test]
fn a_port_under_two_spellings_and_a_log_that_cannot_be_written_are_found() {
    let folder = folder();
    for (text, parts) in [
        (
            format!("{}{}", GOOD.replace("127.0.0.1:0", ":7"), GOOD.replace("127.0.0.1:0", "[::]:7")),
            ["gateway.toml: listen: :7 and [::]:7 are one port", "[[terminate.name]]"],
        ),
        (
            format!("{GOOD}[log]\nfile = '/no/such/folder/log'\n"),
            ["the log /no/such/folder/log: No such file", "folder"],
        ),
        (format!("{GOOD}[log]\nfile = '/'\n"), ["the log /: ", "folder"]),
        (format!("{GOOD}keylog = '/no/such/folder/keys'\n"), ["the log /no/such/folder/keys: No", "folder"]),
    ] {
        check(&folder, &text).failed_with(1, &parts);
    }
}

#[test]
fn what_is_wrong_with_a_name_or_a_server_is_told_too() {
    let folder = folder();
    let name = |more: &str| format!("{GOOD}[[terminate.name]]\nidentity = 'server.pem'\n{more}\n");
    let originate = |more: &str| format!("[[originate]]\nlisten = '127.0.0.1:0'\n{more}\n");
    for (text, parts) in [
        (name("names = []"), ["terminate[0].name[0].names: is missing", "that clients ask for"]),
        (
            name("names = 'a b'"),
            ["terminate[0].name[0].names: no client can ask for \"a b\"", "*.example.com"],
        ),
        (name("names = ['a', 'A']"), ["terminate[0].name: a stands twice", "once"]),
        (name("names = 'a'\nlisten = ':1'"), ["terminate[0].name[0].listen: has no place here", "names, to"]),
        (originate("ca = 'ca.crt'"), ["originate[0].connect: is missing", "bank.example:443"]),
        (originate("connect = 'a:1'"), ["originate[0].ca: is missing", "whose word on the server"]),
        (
            originate("connect = 'a:0'\nca = 'ca.crt'"),
            ["originate[0].connect: \"a:0\" is not HOST:PORT", "host.example:443"],
        ),
        (
            originate("connect = 'a:1'\nca = 'ca.crt'\nprotocol = 'tls13'"),
            ["originate[0].protocol: \"tls13\"", "tlcp, tls12"],
        ),
        (
            originate("connect = 'a:1'\nca = 'ca.crt'\nidentity = ['tls-client.crt', 'tls-client.key']"),
            ["originate[0].identity: no certificate is of the kind", "TLCP needs a pair"],
        ),
        (
            originate("connect = 'a:1'\nca = 'ca.crt'\nserver-name = 'a b'"),
            ["originate[0].server-name:", "give the server's name"],
        ),
    ] {
        check(&folder, &text).failed_with(1, &parts);
    }
    run(&["proxy", "--check", "no/such.toml"], &[]).failed_with(1, &["no/such.toml: No such file"]);
}

/// Flags are the same keys.
#[test]
fn flags_are_checked_as_the_file_is() {
    let folder = folder();
    let identity = folder.file("server.pem");
    let all = ["proxy", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--identity", &identity];
    for (more, parts) in [
        (["--timeout-idle", "0"], ["--timeout-idle: 0 is not", "from 1 to"]),
        (["--client-auth", "require"], ["--ca: is missing", "whose clients"]),
        (["--metrics-listen", "192.0.2.1:1"], ["--metrics-listen:", "127.0.0.1:9443"]),
        (["--server-name", "x"], ["--server-name: has no place here", "listen, "]),
        (["--log-file", "/no/such/folder/log"], ["log", "No such file"]),
    ] {
        run(&[&all[..], &more].concat(), &[]).failed_with(1, &parts);
    }
}

/// The guide's file, with files that are there.
#[test]
fn the_file_in_the_guide_is_good() {
    let folder = folder();
    let copy = |from: &str, to: &str| folder.write(to, &std::fs::read_to_string(folder.file(from)).unwrap());
    for (from, to) in [
        ("server.pem", "pki/server.pem"),
        ("tls-server.crt", "pki/tls-server.crt"),
        ("tls-server.key", "pki/tls-server.key"),
        ("client.pem", "pki/client.pem"),
        ("ca.crt", "pki/ca.crt"),
    ] {
        copy(from, to);
    }
    for page in ["docs/en/gateway.md", "docs/zh-CN/gateway.md"] {
        let page = std::fs::read_to_string(page).unwrap();
        let text = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        check(&folder, text).succeeded();
    }
}
