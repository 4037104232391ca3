"""What holds a collection's passages and searches them, behind one protocol."""
