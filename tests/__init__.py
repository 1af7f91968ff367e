"""Tests: they mirror the package; tests/lan is the network laboratory."""
