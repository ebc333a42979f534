object c6838307f4dcd39cfd01747034a35f7c503c987b
type tree
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fS9rQD/fwOAFzpKBz2VyUcui4TrGwKY
XgbqP7TnE2vRTultd1IBAJ78x+bPSvR0ZhEQFErzNdz7cpUOmJWBNvGW61yv+PMG
=HZ4K
-----END PGP SIGNATURE-----
