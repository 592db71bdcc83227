"""What may be wrong between weaklabel and a Label Studio, one kind of thing a file."""
