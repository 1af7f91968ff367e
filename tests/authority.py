"""A certificate authority of a test's own, made with the openssl program."""

import subprocess
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = test
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
email_in_dn = no
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
[localhost]
subjectAltName = DNS:localhost
[elsewhere]
subjectAltName = DNS:elsewhere.example
"""
NOW = "20200101000000Z", "21200101000000Z"
PAST = "20200101000000Z", "20210101000000Z"
FUTURE = "21190101000000Z", "21200101000000Z"


class Authority:
    """`root`: the file of the root certificate; one key serves everybody."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        (directory / "openssl.cnf").write_text(_CONFIG)
        (directory / "index.txt").touch()
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem")
        self.root = self.issue("root", "authority", by=None)

    @property
    def key(self) -> Path:
        """Of every certificate."""
        return self._directory / "key.pem"

    def issue(
        self,
        name: str,
        kind: str = "localhost",
        *,
        by: str | None = "root",
        valid: tuple[str, str] = NOW,
    ) -> Path:
        """A certificate called `name` for what a section of the configuration says.

        by: the name of the certificate that signs; None: itself.
        """
        request, certificate = f"{name}.csr", f"{name}.pem"
        self._openssl("req", "-new", "-key", "key.pem", "-subj", f"/CN={name}", "-out", request)
        signer = ("-selfsign",) if by is None else ("-cert", f"{by}.pem")
        start, end = valid
        self._openssl(
            *("ca", "-batch", "-notext", *signer, "-keyfile", "key.pem", "-extensions", kind),
            *("-startdate", start, "-enddate", end, "-in", request, "-out", certificate),
        )
        return self._directory / certificate

    def _openssl(self, command: str, *arguments: str) -> None:
        config = () if command == "ecparam" else ("-config", "openssl.cnf")
        subprocess.run(
            ["openssl", command, *config, *arguments],
            cwd=self._directory,
            check=True,
            capture_output=True,
        )
