"""One module a flow: `contests(full)` and `growths(full)` say what is measured; everything else measures it."""
