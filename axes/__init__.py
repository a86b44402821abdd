"""What was agreed, and by how many it was asked for: the referential and the consultations behind it."""
