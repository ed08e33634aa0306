"""Who asked to hear from us: subscribers, consent, suppression, import."""
