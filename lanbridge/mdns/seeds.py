"""Service types that are asked for even when nobody answers `_services._dns-sd._udp`.

Many embedded stacks do not answer that question (RFC 6763 §9): Zephyr's (zephyr #38673),
ESP-IDF's of old (esp-idf PR #340), older `bonjour` for Node (watson/bonjour #51).
"""

_NAMES = """
_airplay._tcp _arduino._tcp _axis-video._tcp _coap._udp _companion-link._tcp _daap._tcp
_device-info._tcp _elg._tcp _esphomelib._tcp _ftp._tcp _googlecast._tcp _hap._tcp _hap._udp
_home-assistant._tcp _homekit._tcp _http._tcp _https._tcp _hue._tcp _ipp._tcp _ipps._tcp
_lanbridge._tcp _leap._tcp _matter._tcp _matterc._udp _meshcop._udp _miio._udp _mqtt._tcp
_nanoleafapi._tcp _nfs._tcp _octoprint._tcp _osc._udp _pdl-datastream._tcp _printer._tcp
_psia._tcp _raop._tcp _rfb._tcp _rtsp._tcp _scanner._tcp _sftp-ssh._tcp _shelly._tcp _smb._tcp
_sonos._tcp _spotify-connect._tcp _ssh._tcp _telnet._tcp _tplink._tcp _uscan._tcp _viziocast._tcp
_wled._tcp _workstation._tcp _ws._tcp
"""

SEED_TYPES = tuple(f"{name}.local" for name in _NAMES.split())
