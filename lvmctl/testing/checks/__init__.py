"""The named rules, by what they are asked of: a file for each kind, and parts of long ones."""
