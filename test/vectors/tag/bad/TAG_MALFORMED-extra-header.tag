object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000
x-approved yes

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fQ6hAEA/vyyFRyVVHD+wolZPnJQodX+
QIbmRIvBsUhsdgUn8jEBAI88rJf6Xw3Cc+LTx1nztpYIotZAyV6p/QdGmKt5u7AH
=xUqe
-----END PGP SIGNATURE-----
