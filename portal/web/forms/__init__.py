"""Forms, one file a noun: names, lengths and plain-language errors."""
