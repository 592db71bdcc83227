"""Second opinions: what people and model say together of an item, and who should be asked once more."""
