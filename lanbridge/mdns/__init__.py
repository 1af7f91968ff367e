"""Multicast DNS and DNS-SD on the wire: the only room that imports zeroconf."""
