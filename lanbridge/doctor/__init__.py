"""What stops discovery on this host, and the command that mends it.

`checks` holds one file a check; `examine` runs them all. What they look at is a `Host`, so that a
test can make one of a directory of files and of values.
"""
