object c6838307f4dcd39cfd01747034a35f7c503c987b
type blob
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOjQfQD/eCKIdeFgKFuklR4CXSkKjAE5
yIZPvxP9iuj5dqQ+peQA/0ACQpDwe6gCr8gEkhp1A0akGlqWIHkMndmFYmP9u9IF
=49f+
-----END PGP SIGNATURE-----
