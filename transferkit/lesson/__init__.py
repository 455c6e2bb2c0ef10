"""How the pocket backbone is made: drawn pictures, a teacher, and a student that imitates it."""
