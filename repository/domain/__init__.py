"""Plain typed values and the rules of Vietnamese text. Standard library only; imports no other room."""
