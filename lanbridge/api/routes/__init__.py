"""One file a group of routes: its `router` is found and mounted by `api.app`."""
