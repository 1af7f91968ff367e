"""lanbridge: find, advertise and prove services on a LAN."""

__version__ = "0.1.0"
