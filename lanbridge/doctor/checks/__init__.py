"""One file a check: `check(host)` yields its findings, and the file's name is the check's.

Each splits reading (`host.text`, `host.run`) from judging, and says what it could not see: a
check that has nothing to say says that all is well.
"""
