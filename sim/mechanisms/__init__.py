"""The processes of a month, one file each: the rule for one household inside a compiled loop."""
