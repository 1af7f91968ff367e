"""Tests of echo probes, against peers on loopback that behave as they are told."""
