"""Every sentence that the library shows to a user."""
