// Nothing to call: being part of a program is enough.
