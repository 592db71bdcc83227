"""weaklabel."""
