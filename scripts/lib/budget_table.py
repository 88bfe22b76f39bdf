def parse(t): pass
class Malformed(Exception): pass
