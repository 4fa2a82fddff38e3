"""The privacy portal: rooms that hold the rules, doors that show them, and nothing that knows one school by name."""
