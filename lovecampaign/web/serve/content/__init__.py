"""What pages are made of: campaigns, translations, templates, brand colours."""
