"""What class a value is of, past metaclasses, `__getattr__` and `__class__`, which can say anything."""


def has_base(kind, package, name):
    """Whether `kind` is or derives from a class `name` of `package`, which need not be imported."""
    for base in kind.__mro__:
        module = base.__module__
        if base.__name__ != name or type(module) is not str:
            continue
        if module == package or module.startswith(package + "."):
            return True
    return False


def is_from(kind, package):
    """Whether `kind` is or derives from any class of `package`."""
    modules = [base.__module__ for base in kind.__mro__]
    return any(type(module) is str and module.partition(".")[0] == package for module in modules)
