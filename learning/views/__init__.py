"""The learner's pages: private, never stored by anybody."""
