"""What the person does, carried out: each module joins one part of the window to the services behind it."""
