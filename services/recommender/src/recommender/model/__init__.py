"""The model: which products go with which, built from the lake and read into memory."""
