"""The client side of echo: round trips to a service, over each transport that lanbridge echoes."""
