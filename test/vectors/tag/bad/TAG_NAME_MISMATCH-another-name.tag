object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v0.9.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fQt4QD+LFk67SgF2yoT9ac+g54xyauo
tv6l5ekSpz7nLi0Y35oBAKY6SLbD3NJU8ZSEyBX9/K2PdJwSmmVC/4ghwxe5SFMF
=o8he
-----END PGP SIGNATURE-----
