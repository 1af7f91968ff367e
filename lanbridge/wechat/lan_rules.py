"""The LAN rule as documented, and what is known beyond it, each with its source."""

from lanbridge.wechat.rules import Certainty, Rule

_GUIDE = "developers.weixin.qq.com, guides to networking and to mDNS"
_ANDROID = "WeChat for Android as observed about 2020, several versions alike; no contract"

LAN = Rule(
    "lan-same-subnet",
    "An IP:PORT in the phone's subnet that is not the phone itself needs no server domain, "
    "and may be plain http or ws.",
    _GUIDE,
    Certainty.DOCUMENTED,
)
IPV6 = Rule(
    "lan-ip-version",
    "The documents write IP and do not say which version.",
    _GUIDE,
    Certainty.DOCUMENTED,
)
ANDROID_WIFI = Rule(
    "android-wifi-mask",
    "Android compares IPv4 addresses under the mask of its Wi-Fi; without Wi-Fi it refuses.",
    _ANDROID,
    Certainty.OBSERVED,
)
ANDROID_LITERAL = Rule(
    "android-ipv4-literal",
    "Android takes only a dotted-quad IPv4 literal for a LAN address.",
    _ANDROID,
    Certainty.OBSERVED,
)
HOTSPOT = Rule(
    "hotspot-host",
    "A phone that is itself the hotspot compares its first interface, often the cellular one.",
    _ANDROID,
    Certainty.OBSERVED,
)
LOCAL_NETWORK = Rule(
    "ios-local-network",
    "iOS lets an app reach the local network only after its user has allowed it.",
    "Apple TN3179, Understanding local network privacy",
    Certainty.DOCUMENTED,
)
IOS_UDP = Rule(
    "ios-udp",
    "Developers report UDP that is never sent from iOS; broadcast needs an entitlement of Apple.",
    "developers.weixin.qq.com community, 'IOS14 UDP Socket No route to host'; Apple TN3179",
    Certainty.OBSERVED,
)
HARMONYOS_URL = Rule(
    "harmonyos-url",
    "Developers report that HarmonyOS refuses LAN http and ws that Android and iOS let pass.",
    "developers.weixin.qq.com community, threads 000042d0 and 000e0481; unanswered",
    Certainty.OBSERVED,
)
UDP_ANYWHERE = Rule(
    "udp-any-address",
    "The LAN guide allows UDP to the phone's subnet only, UDPSocket.send any address after base "
    "library 2.9.3; both are online.",
    "developers.weixin.qq.com, UDPSocket.send and the guide to mDNS",
    Certainty.DOCUMENTED,
)
BROADCAST = Rule(
    "udp-broadcast",
    "From base library 2.9.0 UDPSocket.send takes 255.255.255.255.",
    "developers.weixin.qq.com, UDPSocket.send",
    Certainty.DOCUMENTED,
)
DIRECTED_BROADCAST = Rule(
    "udp-directed-broadcast",
    "A subnet's broadcast address needs setBroadcast, which is there from base library 2.24.0.",
    "developers.weixin.qq.com, UDPSocket.send",
    Certainty.INFERRED,
)
MULTICAST = Rule(
    "udp-multicast",
    "A mini-program has no call to join a multicast group; sending to one is reported to fail.",
    "miniprogram-api-typings 5.2.3; developers.weixin.qq.com community, 2020",
    Certainty.OBSERVED,
)
