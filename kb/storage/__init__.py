"""The database: schema, repositories, change feed, audit log and caches."""
