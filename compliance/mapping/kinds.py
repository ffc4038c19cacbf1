"""The kinds of operation and batch that map bundles and addresses to numbers."""

ASSIGN_BUNDLE = "compliance.assign_bundle"
ASSIGN_BUNDLES = "compliance.assign_bundles"
