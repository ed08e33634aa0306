"""What the preview does to files, for their author."""
