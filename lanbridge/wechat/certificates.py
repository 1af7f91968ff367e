"""What a server domain's certificate must be, told from what the handshake found."""

from lanbridge.core.text import printable
from lanbridge.wechat.platforms import documented
from lanbridge.wechat.rules import Answer, Certainty, Rule, Verdict

_GUIDE = "developers.weixin.qq.com, guide to networking: HTTPS certificates"

CERTIFICATE = Rule(
    "certificate",
    "It is of an authority that the system trusts, names the host, is in date, and comes with "
    "its whole chain.",
    _GUIDE,
    Certainty.DOCUMENTED,
)
TLS_VERSION = Rule(
    "tls-version", "TLS 1.2 or later; old Androids have no later one.", _GUIDE, Certainty.DOCUMENTED
)

# The codes of OpenSSL's x509_vfy.h. By 20 and 21 it tells a missing link in the chain and an
# unknown authority alike.
_CHAIN = (
    "its chain ends before an authority that this host trusts: an intermediate certificate is "
    "missing, or the authority is private",
    "send the full chain (fullchain.pem), of a public authority",
)
_SELF_SIGNED = ("it is self-signed", "get one of a public authority")
_NAME = ("it is for another name", "get one that names this host")
_FAULTS: dict[int, tuple[str, str]] = {
    2: _CHAIN,
    9: ("it is not valid yet", "set the clocks of the server and of this host"),
    10: ("it has expired", "renew it"),
    18: _SELF_SIGNED,
    19: ("it is of a private authority", "get one of a public authority"),
    20: _CHAIN,
    21: _CHAIN,
    62: _NAME,
    64: _NAME,
}


def trusted(host: str, version: str | None) -> Verdict:
    """The handshake went well."""
    sentence = (
        f"the certificate of {printable(host)} is good by this host's trust store ({version})"
    )
    return documented(Answer.YES, sentence, CERTIFICATE)


def not_trusted(host: str, code: int, message: str) -> Verdict:
    """`code` and `message` are OpenSSL's."""
    fault, remedy = _FAULTS.get(code, ("it is refused", "mend the certificate"))
    sentence = f"the certificate of {printable(host)}: {fault} (OpenSSL: {printable(message)})"
    return documented(Answer.NO, sentence, CERTIFICATE, remedy)


def no_handshake(host: str, reason: str) -> Verdict:
    """Something answers, and not with TLS 1.2 or later."""
    sentence = f"{printable(host)} does not speak TLS 1.2 or later (OpenSSL: {printable(reason)})"
    return documented(Answer.NO, sentence, TLS_VERSION, "switch on TLS 1.2 and 1.3 there")
