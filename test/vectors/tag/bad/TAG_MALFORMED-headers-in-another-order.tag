object c6838307f4dcd39cfd01747034a35f7c503c987b
tag v1.0.0
type commit
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fQ20gD7BZHGRNrNdV/fWVlFiTh+5jFR
ZaBKqxFPiYiZusuDXEMA/A7DYwsbRrnRiN4BNhf7ss/BXOuPFuWmotmaJTi2VxAD
=kFCe
-----END PGP SIGNATURE-----
