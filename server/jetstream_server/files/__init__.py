"""The only modules that touch content: paths of a sandbox, scanning, reading and writing trees."""
