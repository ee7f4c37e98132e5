"""The look of everything that people open in a browser or see as a picture: one shell for pages, one for figures."""
