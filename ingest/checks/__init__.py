"""Editorial checks: findings for an editor to review before an article is published."""
