"""Who may do what: the node's identity, accounts, tokens, throttling, sandboxes."""
