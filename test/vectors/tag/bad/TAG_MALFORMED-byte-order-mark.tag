object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fTOBQEArV6WJT+USfB37lleowS+L7VP
iY5hSrTk4r+45Sf4k0sA/3LZ8yx/BjHaQ9RFA3ZTukLMmTXnzF66x+3L0oEudz4B
=viMn
-----END PGP SIGNATURE-----
