"""Stories: answers of subscribers, with their permissions."""
