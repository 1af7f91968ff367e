"""One file a command: the file `foo_bar.py` holds `command`, which is `lanbridge foo-bar`."""
