"""This host's interfaces: the only room that imports ifaddr and netifaces."""
