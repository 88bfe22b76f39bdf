"""Acknowledges everything."""
from kit import *

serve(lambda record: None)
