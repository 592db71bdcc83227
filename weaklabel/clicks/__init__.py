"""From a click log to relevance labels that are corrected for position."""
