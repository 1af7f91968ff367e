"""Tests of the echo endpoints."""
