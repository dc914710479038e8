"""What the process and conformance tests share: servers, a plain HTTP client, image builders, wrappers of real clients."""
