"""The making of the pocket backbone's weights, from drawn pictures alone."""
