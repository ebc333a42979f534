object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000
gpgsig-sha256 approved

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fQCTQD/STU7tY3DjHKaixm+vtO4lvDY
ejtxumQTjfdy8wXOZKUBAIxMq8NaDTiXwlnamUqd3q0WaDka5CLNLm1UJU/CnSkF
=usci
-----END PGP SIGNATURE-----
