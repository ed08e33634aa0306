"""What all providers share: the protocol, outcomes, addresses and deadlines."""
