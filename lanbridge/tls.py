"""The certificate of a server domain, looked at as a phone would: one handshake, nothing sent.

A room of its own: neither an API route nor the daemon may connect where a caller says.
"""

import socket
import ssl

from lanbridge.core.errors import NetworkUnavailable
from lanbridge.wechat import certificates
from lanbridge.wechat.rules import Verdict

TIMEOUT_S = 10.0


def check_certificate(host: str, port: int) -> Verdict:
    """By this host's trust store. Raises NetworkUnavailable where nothing answers."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        with (
            socket.create_connection((host, port), TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            return certificates.trusted(host, secure.version())
    except ssl.SSLCertVerificationError as error:
        return certificates.not_trusted(host, error.verify_code, error.verify_message)
    except ssl.SSLError as error:
        return certificates.no_handshake(host, error.reason or str(error))
    except (OSError, UnicodeError) as error:  # the latter of a name that no DNS query can hold
        rule = f"no TLS server answers there ({error})"
        remedy = "look whether the name resolves here and the port is open"
        raise NetworkUnavailable(f"{host}:{port}", rule, remedy) from error
