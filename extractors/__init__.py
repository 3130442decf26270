"""Talk to sources, keep what they said verbatim, prove the fetch complete."""
