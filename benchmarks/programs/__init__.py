"""What the benchmarks start as processes of their own: the peers, the load and the probes."""
