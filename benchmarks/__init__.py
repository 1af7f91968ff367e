"""How fast lanbridge is, as ratios against a peer measured in the same run.

`python -m benchmarks` runs them; those that multicast need the laboratory (`make bench`).
"""
