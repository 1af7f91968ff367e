"""Events posted to the URLs of the settings, signed, until they are taken."""
