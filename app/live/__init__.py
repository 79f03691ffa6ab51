"""What the side service says and serves: progress of jobs as it happens, and files behind signed links."""
