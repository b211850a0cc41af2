use super::*;

/// A folder with a file, and a secret beside it.
struct Site(PathBuf);

impl Site {
    fn new(name: &str) -> Self {
        let base = std::env::temp_dir().join(format!("tlcp-http-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&base);
        fs::create_dir_all(base.join("www/sub dir")).unwrap();
        fs::write(base.join("www/index.html"), "<p>hello").unwrap();
        fs::write(base.join("www/sub dir/a.txt"), "inside").unwrap();
        fs::write(base.join("secret"), "outside").unwrap();
        Self(base)
    }

    fn ask(&self, requests: &str) -> (String, usize) {
        let folder = Folder::new(&self.0.join("www")).unwrap();
        // A client that has said everything already.
        let mut stream = tokio::io::join(requests.as_bytes(), Vec::new());
        let serving = serve(&mut stream, &folder, Duration::from_secs(9));
        let answered = crate::patience::runtime().unwrap().block_on(serving).unwrap();
        (String::from_utf8(stream.into_inner().1).unwrap(), answered)
    }

    fn get(&self, target: &str) -> String {
        self.ask(&format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")).0
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn serves_files_with_their_length_and_an_index_for_folders() {
    let site = Site::new("files");
    for (target, body) in
        [("/", "<p>hello"), ("/sub%20dir/a.txt?x=1", "inside"), ("/./index.html", "<p>hello")]
    {
        let answer = site.get(target);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{target}: {answer}");
        assert!(answer.contains(&format!("Content-Length: {}\r\n", body.len())), "{target}");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{target}");
    }
}

#[test]
fn never_leaves_its_folder() {
    let site = Site::new("traversal");
    #[cfg(unix)]
    std::os::unix::fs::symlink(site.0.join("secret"), site.0.join("www/link")).unwrap();
    let outside = site.0.join("secret");
    let targets = [
        "/../secret",
        "/%2e%2e/secret",
        "/sub%20dir/..%2f..%2fsecret",
        "/sub dir/../../secret",
        "/..%5csecret",
        "//../secret",
        "/link",
        "/link/",
        "secret",
        "/a%00b",
        "/%zz",
        "/%",
        "/sub%20dir",
        outside.to_str().unwrap(),
    ];
    for target in targets {
        let answer = site.get(target);
        assert!(!answer.contains("outside"), "{target}");
        assert!(answer.starts_with("HTTP/1.1 40"), "{target}: {answer}");
    }
}

#[test]
fn keeps_the_connection_for_several_requests_and_head_has_no_body() {
    let site = Site::new("keep");
    let (answer, answered) = site.ask(
        "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    );
    assert_eq!(answered, 3, "the third asked to close");
    assert_eq!(answer.matches("<p>hello").count(), 1);
    assert_eq!(answer.matches("Content-Length: 8\r\n").count(), 2);
    assert_eq!(answer.matches("404 Not Found\n").count(), 1);
    assert_eq!(site.ask("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n").1, 1, "HTTP/1.0 closes");
}

#[test]
fn refuses_other_methods_bodies_and_what_is_no_request() {
    let site = Site::new("refuse");
    let (answer, answered) =
        site.ask("POST / HTTP/1.1\r\nContent-Length: 24\r\n\r\nGET /index.html HTTP/1.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("Allow: GET, HEAD\r\n"));
    assert_eq!(answered, 1, "a body is never read as a request");
    for bad in
        ["\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET / HTTP/1.1\r\nnone\r\n\r\n", "GET / HT"]
    {
        assert!(site.ask(bad).0.starts_with("HTTP/1.1 400"), "{bad:?}");
    }
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(MAX_HEAD));
    assert!(site.ask(&long).0.starts_with("HTTP/1.1 431"));
}
