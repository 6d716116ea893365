"""What a person or a program can ask for, in one table (`edi.acts.table`): every face is a frame over it."""
