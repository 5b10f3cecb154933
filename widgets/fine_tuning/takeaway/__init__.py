"""What is taken away from a training: files, workbooks, and pictures of the first layer's filters."""
