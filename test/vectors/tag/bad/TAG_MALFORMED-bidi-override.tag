object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita‮ Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fSrIgD/Yj0Qs3a1+JSZBk7+3XHd0pCy
GKuuNptVZsJPwccgzVYBAMMA0IJCoGMZGNiA0i3DRbWiI8Vqe3z/3ywh27SdzrEB
=tX9S
-----END PGP SIGNATURE-----
