"""The rows of the table, by the servers and the content that they share. Each module has parts(bench)."""
