"""What can be measured in the pixels of a picture, with Pillow and numpy: arrays in, facts out."""
