"""Result type, section builder and conventions shared by all readers."""
