"""Loading `tenants/`: one file a kind of pack, each reading first (`PackError` names file and line), writing later."""
