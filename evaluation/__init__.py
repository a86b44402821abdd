"""Was it done, and was it worth it?"""
