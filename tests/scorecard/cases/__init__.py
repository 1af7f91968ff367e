"""One file a group of cases; a group shares a responder that was started for it."""
