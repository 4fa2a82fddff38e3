"""The commands of `portal`, one file a noun; thin: they read arguments, call a room, print."""
