object c6838307f4dcd39cfd01747034a35f7c503c987b
type tag
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOgFNAEA3J0tuAl7raw5JKFc2Yl3ItDQ
Qlv3zKnqKjJKVXTY6KMA/1HJDjknhkusSiKVFiQhu0m1/W2ea4QUgrA0GsGFujoD
=vYw1
-----END PGP SIGNATURE-----
