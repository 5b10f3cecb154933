"""What is taken away from a training: files, workbooks, the first layer's filters."""
