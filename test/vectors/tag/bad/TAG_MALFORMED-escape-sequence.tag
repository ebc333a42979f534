object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita [2KRelease <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOgXOgEAwkZTLFJuj+DWAWFdDVXUTg4p
mrRwCuO5RSZ0VLbv5dcA/2oGedT7WjM90yg6LGuqtYNrgQTo2DfzYGhvk8FP9RwH
=Uram
-----END PGP SIGNATURE-----
