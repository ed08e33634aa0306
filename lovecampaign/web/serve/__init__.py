"""What people meet on the web: joining, confirming, choosing, leaving, buying early."""
