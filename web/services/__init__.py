"""Operations that several views share."""
