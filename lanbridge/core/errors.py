"""Every exception lanbridge raises on purpose.

LanbridgeError                       code, what, value, rule, remedy
├─ InvalidInput                      the user's own words are wrong: exit 2, HTTP 422
│  ├─ InvalidServiceType             RFC 6763 §7, RFC 6335 §5.1
│  ├─ InvalidInstanceName            RFC 6763 §4.1.1
│  ├─ InvalidHostName                RFC 1035 §2.3
│  ├─ InvalidTxtRecord               RFC 6763 §6
│  ├─ InvalidAddress                 an address, a prefix, an interface name
│  ├─ InvalidPort
│  ├─ InvalidSetting                 configuration: names the file, variable or flag
│  ├─ BodyRefused                    what is sent is no JSON: HTTP 415
│  └─ BodyTooLarge                   HTTP 413
├─ EnvironmentProblem                this host cannot do it now: exit 3, HTTP 503
│  ├─ NetworkUnavailable             no usable interface
│  ├─ MdnsUnavailable                UDP 5353 cannot be bound or joined
│  ├─ PortUnavailable                our HTTP or UDP echo port cannot be bound
│  ├─ DaemonUnreachable              the daemon a command asks does not answer
│  ├─ LimitReached                   a bounded table is full: HTTP 503
│  ├─ StateUnwritable                the state directory: a full disk, missing rights
│  ├─ StateInUse                     another daemon has the state directory
│  └─ TokenUnavailable               no write token can be kept: nothing can be changed over HTTP
├─ NameConflict                      a name that somebody else on the link holds, RFC 6762 §9:
│                                    exit 1, HTTP 409
├─ FixedBySettings                   what is in the settings goes there only: exit 1, HTTP 409
├─ Refused                           the caller is in the wrong network: exit 1, HTTP 403
│  ├─ HostRefused                    asked by a name that anybody's DNS could point here: HTTP 421
│  ├─ OriginRefused                  asked by a web page of somebody else: HTTP 403
│  ├─ TooManyRequests                HTTP 429
│  ├─ TokenRequired                  it changes something and came without the token: HTTP 401
│  └─ TokenWrong                     with one that is not ours: HTTP 401
├─ Unreachable                       a service without an address in a subnet of ours: exit 1,
│                                    HTTP 409
└─ NotFound                          no such service, device, advertisement: exit 1, HTTP 404

Ours raises, theirs is data: the validators raise these for what a user typed; what the
network sent is caught where it is translated, counted, and kept as a finding.
"""

from typing import ClassVar

from lanbridge.core.text import exact, printable


class LanbridgeError(Exception):
    """One sentence a person can act on, with the fields it was made from.

    what: the kind of thing ("service type"); value: the offending text, as given;
    rule: which rule it breaks, as a clause; remedy: what to do, as an imperative clause, or what
    may be meant, as a question.
    """

    code: ClassVar[str] = "internal"
    what: str = "lanbridge"
    exactly: ClassVar[bool] = False  # whether a program reads `value`, so that each space counts

    def __init__(self, value: str, rule: str, remedy: str | None = None) -> None:
        super().__init__(value, rule, remedy)
        self.value = value
        self.rule = rule
        self.remedy = remedy

    def __str__(self) -> str:
        value = exact(self.value) if self.exactly else printable(self.value)
        subject = f"{self.what} '{value}'".lstrip() if value else self.what
        sentence = f"{subject}: {self.rule}"
        if self.remedy:
            sentence = f"{sentence}; {self.remedy}"
        return sentence if sentence.endswith("?") else f"{sentence}."


class InvalidInput(LanbridgeError):
    code = "invalid-input"
    what = "value"
    exactly = True


class InvalidServiceType(InvalidInput):
    """`suggestion` is the nearest valid service type, where there is one."""

    code = "invalid-service-type"
    what = "service type"

    def __init__(self, value: str, rule: str, suggestion: str | None = None) -> None:
        remedy = f"use '{suggestion}'" if suggestion else "write it as _name._tcp or _name._udp"
        super().__init__(value, rule, remedy)
        self.suggestion = suggestion


class InvalidInstanceName(InvalidInput):
    code = "invalid-instance-name"
    what = "instance name"
    exactly = False


class InvalidHostName(InvalidInput):
    code = "invalid-host-name"
    what = "host name"


class InvalidTxtRecord(InvalidInput):
    code = "invalid-txt-record"
    what = "TXT pair"


class InvalidAddress(InvalidInput):
    code = "invalid-address"
    what = "address"


class InvalidPort(InvalidInput):
    code = "invalid-port"
    what = "port"


class InvalidSetting(InvalidInput):
    """`source` says where the setting was written: a file, a variable, a flag."""

    code = "invalid-setting"
    what = "setting"

    def __init__(self, value: str, rule: str, remedy: str | None = None, source: str = "") -> None:
        super().__init__(value, rule, remedy)
        self.source = source

    def __str__(self) -> str:
        sentence = super().__str__()
        return f"{self.source}: {sentence}" if self.source not in ("", self.value) else sentence


class BodyRefused(InvalidInput):
    code = "body-refused"
    what = "body"


class BodyTooLarge(InvalidInput):
    code = "body-too-large"
    what = "body"


class EnvironmentProblem(LanbridgeError):
    code = "environment"
    what = "this host"


class NetworkUnavailable(EnvironmentProblem):
    code = "network-unavailable"
    what = "network"


class MdnsUnavailable(EnvironmentProblem):
    code = "mdns-unavailable"
    what = "mDNS port"


class PortUnavailable(EnvironmentProblem):
    code = "port-unavailable"
    what = "port"


class DaemonUnreachable(EnvironmentProblem):
    code = "daemon-unreachable"
    what = "daemon"


class LimitReached(EnvironmentProblem):
    code = "limit-reached"
    what = "limit"


class StateUnwritable(EnvironmentProblem):
    code = "state-unwritable"
    what = "state file"


class StateInUse(EnvironmentProblem):
    code = "state-in-use"
    what = "state directory"


class TokenUnavailable(EnvironmentProblem):
    code = "token-unavailable"
    what = "write token"


class NameConflict(LanbridgeError):
    code = "name-conflict"
    what = "name"


class FixedBySettings(LanbridgeError):
    code = "fixed-by-settings"
    what = "advertisement"


class Refused(LanbridgeError):
    code = "refused"
    what = "request from"


class HostRefused(Refused):
    code = "host-refused"
    what = "host"


class OriginRefused(Refused):
    code = "origin-refused"
    what = "origin"


class TooManyRequests(Refused):
    code = "too-many-requests"


class TokenRequired(Refused):
    code = "token-required"
    what = "request"


class TokenWrong(Refused):
    code = "token-wrong"
    what = "request"


class Unreachable(LanbridgeError):
    code = "unreachable"
    what = "service"


class NotFound(LanbridgeError):
    code = "not-found"
    what = ""  # a name or an id: the rule says of what
