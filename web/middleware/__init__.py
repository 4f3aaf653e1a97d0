"""Authentication, limits, headers and error handling around every request."""
