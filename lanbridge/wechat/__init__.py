"""What a WeChat mini-program may do, as rules without I/O, each with its source."""
