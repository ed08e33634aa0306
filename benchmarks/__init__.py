"""How fast is it, next to the usual ways of doing the same?"""
