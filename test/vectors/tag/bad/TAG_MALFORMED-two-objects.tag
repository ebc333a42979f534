object c6838307f4dcd39cfd01747034a35f7c503c987b
object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOgbbQEApnLcqMxwPH+Wvv1xQXJwSWDT
Y7gpPCDUw3RIN5hXO0gBAJpmraOx26U0pzGdCJ5k9dJPrbnr05q6LVtWupdVvDcG
=uEhU
-----END PGP SIGNATURE-----
