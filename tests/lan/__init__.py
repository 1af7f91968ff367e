"""The network laboratory: hosts in network namespaces, real peers on them, and tests of both."""
