"""Why a name is refused, and the nearest one that would not be. For `core.names` only."""

import re

MAX_LABEL_BYTES = 63  # RFC 1035 §2.3.4
MAX_SERVICE_NAME = 15  # RFC 6335 §5.1

# RFC 6763 §4.1.1: "MUST NOT contain ASCII control characters"; lone surrogates are no UTF-8.
FORBIDDEN = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
FORBIDDEN_RULE = "holds an ASCII control character or half a surrogate pair (RFC 6763 §4.1.1)"


def type_fault(text: str, bare: str, subtype: str | None) -> str:
    """The first rule that `text`, known to be no service type, breaks.

    bare, subtype: the two parts that `text` was taken for.
    """
    parts = bare.split(".")
    name, protocol = parts[0], parts[-1].lower()
    if not text:
        return "it is empty"
    if text != text.strip():
        return "it begins or ends with a space"
    if "" in parts:
        return "it has an empty label"
    if protocol == "local":
        return "the domain is not part of a service type"
    if len(parts) == 1:
        return "it lacks the protocol label, _tcp or _udp (RFC 6763 §7)"
    if protocol in ("tcp", "udp"):
        return "the protocol label must start with an underscore (RFC 6763 §7)"
    if protocol not in ("_tcp", "_udp"):
        # RFC 6763 §7: "for applications using any transport protocol other than TCP ... '_udp'"
        return "the protocol label must be _tcp, or _udp for any other transport (RFC 6763 §7)"
    if len(parts) > 2:
        return "it has more than two labels (RFC 6763 §7)"
    if not name.startswith("_"):
        return "the first label must start with an underscore (RFC 6763 §7)"
    return _service_name_fault(name[1:]) or subtype_fault(subtype or "") or "it is malformed"


def subtype_fault(subtype: str) -> str | None:
    """The rule of RFC 6763 §7.1 that a subtype breaks, or None.

    Looser than a service name: any UTF-8 without ASCII control characters. A comma is legal too,
    but Apple's and Android's interfaces cut at it: nobody could ask for such a subtype.
    """
    if not subtype:
        return "the subtype is empty"
    if "," in subtype:
        return "it has two subtypes, and a browse takes one (RFC 6763 §7.1)"
    if subtype.strip(".") != subtype:
        return "the subtype begins or ends with a dot, which cannot be told from a separator"
    if FORBIDDEN.search(subtype):
        return f"the subtype {FORBIDDEN_RULE}"
    if len(subtype.encode()) > MAX_LABEL_BYTES:
        return "the subtype has more than 63 octets of UTF-8 (RFC 1035 §2.3.4)"
    return None


def host_fault(label: str) -> str:
    """The first rule that a label, known to be no host label of ours, breaks."""
    if not label:
        return "it is empty"
    if "." in label:
        return "it must be one label under .local (RFC 6762 §3)"
    if not label.isascii() or not label.replace("-", "a").isalnum():
        return "it may hold only letters a-z, digits and hyphens (RFC 1035 §2.3.1)"
    if len(label) > MAX_LABEL_BYTES:
        return f"it has {len(label)} characters, a label has at most 63 (RFC 1035 §2.3.4)"
    return "it must not begin or end with a hyphen (RFC 1035 §2.3.1)"


def nearest_type(bare: str, subtype: str | None) -> str | None:
    """The valid service type that somebody who wrote `bare` most likely meant."""
    parts = [part for label in bare.lower().split(".") if (part := label.strip())]
    if parts and parts[-1] == "local":
        parts.pop()
    protocol = ""
    while parts and parts[-1] in ("tcp", "udp", "_tcp", "_udp"):
        protocol = parts.pop().lstrip("_")
    if not protocol and len(parts) > 1:
        del parts[-1]
        protocol = "udp"  # RFC 6763 §7: _udp stands for every transport but TCP
    if len(parts) == 2 and parts[0][0] == parts[1][0] == "_" and subtype is None:
        subtype = parts.pop(0)  # the legacy dotted form, _printer._http._tcp
    name = cleaned("-".join(parts), MAX_SERVICE_NAME)
    if not any(map(str.isalpha, name)):
        return None
    prefix = cut(FORBIDDEN.sub("", (subtype or "").split(",")[0]).strip("."), MAX_LABEL_BYTES)
    prefix = prefix.rstrip(".")
    return f"{prefix and prefix + '._sub.'}_{name}._{protocol or 'tcp'}"


def cleaned(text: str, size: int) -> str:
    """Letters a-z, digits and single inner hyphens out of `text`, at most `size` of them."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:size].rstrip("-")


def cut(text: str, size_bytes: int) -> str:
    """`text` shortened to `size_bytes` of UTF-8 without halving a character."""
    return text.encode("utf-8", "ignore")[:size_bytes].decode("utf-8", "ignore")


def _service_name_fault(name: str) -> str | None:
    """RFC 6335 §5.1, a sentence for each of its rules."""
    if not name:
        return "the name after the underscore is empty (RFC 6335 §5.1)"
    if not (name.isascii() and name.replace("-", "a").isalnum()):
        return "the name may hold only letters a-z, digits and hyphens (RFC 6335 §5.1)"
    if len(name) > MAX_SERVICE_NAME:
        return f"the name has {len(name)} characters, at most 15 are allowed (RFC 6335 §5.1)"
    if name.strip("-") != name:
        return "the name must not begin or end with a hyphen (RFC 6335 §5.1)"
    if "--" in name:
        return "the name must not hold two hyphens in a row (RFC 6335 §5.1)"
    if not any(map(str.isalpha, name)):
        return "the name must hold at least one letter (RFC 6335 §5.1)"
    return None
