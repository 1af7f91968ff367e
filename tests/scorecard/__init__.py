"""The scorecard: one scripted peer, written from the text of RFC 6762, against responders."""
