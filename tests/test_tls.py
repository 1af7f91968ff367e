"""A server domain's certificate, checked against a real TLS server on loopback."""

import contextlib
import socket
import ssl
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from lanbridge import tls
from lanbridge.core.errors import NetworkUnavailable
from lanbridge.wechat.rules import Answer
from tests.authority import FUTURE, PAST, Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One for all, for keys take time."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def trust(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform's trust store is the test's authority and nobody else."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
    monkeypatch.setenv("SSL_CERT_DIR", "/nonexistent")


@contextmanager
def serving(context: ssl.SSLContext | None) -> Generator[int]:
    """A server for one connection on a free port; without a context it greets in plain text."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with contextlib.suppress(OSError), listener.accept()[0] as plain:
            if context is None:
                plain.sendall(b"220 mail.example ESMTP\r\n")
                plain.recv(1024)
            else:
                context.wrap_socket(plain, server_side=True).close()

    thread = Thread(target=answer)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


def with_certificate(chain: Path, key: Path) -> ssl.SSLContext:
    """What a server needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def test_a_good_certificate(authority: Authority) -> None:
    """Trusted, for this name, in date, and TLS 1.3."""
    with serving(with_certificate(authority.issue("good"), authority.key)) as port:
        verdict = tls.check_certificate("localhost", port)
    assert verdict.answer is Answer.YES
    assert verdict.sentence == (
        "the certificate of localhost is good by this host's trust store (TLSv1.3)"
    )


@pytest.mark.parametrize(
    ("issue", "fault", "remedy"),
    [
        (lambda ca: ca.issue("old", valid=PAST), "it has expired", "renew it"),
        (lambda ca: ca.issue("young", valid=FUTURE), "it is not valid yet", "set the clocks"),
        (lambda ca: ca.issue("other", "elsewhere"), "it is for another name", "get one that names"),
        (lambda ca: ca.issue("self", by=None), "it is self-signed", "of a public authority"),
    ],
    ids=["expired", "not yet", "name", "self-signed"],
)
def test_a_bad_certificate(
    authority: Authority, issue: Callable[[Authority], Path], fault: str, remedy: str
) -> None:
    """Each fault has a sentence and a remedy."""
    with serving(with_certificate(issue(authority), authority.key)) as port:
        verdict = tls.check_certificate("localhost", port)
    assert verdict.answer is Answer.NO
    assert verdict.rule.id == "certificate"
    assert fault in verdict.sentence
    assert verdict.remedy is not None
    assert remedy in verdict.remedy


def test_the_whole_chain_must_be_sent(authority: Authority, tmp_path: Path) -> None:
    """With the intermediate certificate it is good, and without it is not."""
    middle = authority.issue("middle", "authority")
    leaf = authority.issue("leaf", by="middle")
    whole = tmp_path / "fullchain.pem"
    whole.write_text(leaf.read_text() + middle.read_text())
    with serving(with_certificate(whole, authority.key)) as port:
        assert tls.check_certificate("localhost", port).answer is Answer.YES
    with serving(with_certificate(leaf, authority.key)) as port:
        verdict = tls.check_certificate("localhost", port)
    assert verdict.answer is Answer.NO
    assert "an intermediate certificate is missing" in verdict.sentence


def test_an_authority_that_nobody_knows(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the root is in the chain."""
    whole = tmp_path / "fullchain.pem"
    whole.write_text(authority.issue("private").read_text() + authority.root.read_text())
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    with serving(with_certificate(whole, authority.key)) as port:
        verdict = tls.check_certificate("localhost", port)
    assert verdict.answer is Answer.NO
    assert "it is of a private authority" in verdict.sentence


def test_an_old_tls(authority: Authority) -> None:
    """TLS 1.1 is not enough, whatever this host's OpenSSL is configured to take."""
    context = with_certificate(authority.issue("oldtls"), authority.key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(context) as port:
        verdict = tls.check_certificate("localhost", port)
    assert verdict.answer is Answer.NO
    assert verdict.rule.id == "tls-version"


def test_no_tls_at_all() -> None:
    """Something else listens there."""
    with serving(None) as port:
        verdict = tls.check_certificate("localhost", port)
    assert verdict.answer is Answer.NO
    assert verdict.rule.id == "tls-version"


def test_nobody_listens() -> None:
    """That is no verdict on a certificate."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NetworkUnavailable, match="no TLS server answers there"):
        tls.check_certificate("localhost", port)


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up."""
    monkeypatch.setattr(tls, "TIMEOUT_S", 0.05)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(NetworkUnavailable, match="timed out"),
    ):
        tls.check_certificate("127.0.0.1", listener.getsockname()[1])
