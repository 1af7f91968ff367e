"""One file an output format: the file `jsonl.py` holds `Writer`, which is `--format jsonl`."""
