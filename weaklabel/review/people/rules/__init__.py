"""Rules by which several people's answers become one label: each a module here, called by its file's name."""
