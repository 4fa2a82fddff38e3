"""Pages for anybody: finding a school, reading its notice, sending and following a request."""
