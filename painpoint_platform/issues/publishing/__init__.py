"""What PocketBase has of issues: what is to be sent, sending it, what came of it."""
