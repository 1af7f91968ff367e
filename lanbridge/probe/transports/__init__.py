"""One file a transport: the file `udp.py` holds `Probe`, which is `--via udp` and `udp://`."""
