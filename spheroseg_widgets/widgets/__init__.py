"""What a notebook shows: gallery, editor, run monitor; the kernel halves of the widgets in `frontend/`."""
