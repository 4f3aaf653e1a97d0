"""Operations shared by views, API, command line and background threads. No Flask."""
