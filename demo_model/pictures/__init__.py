"""From a picture to words: measured, asked about, described and compared. It never names objects or reads words."""
