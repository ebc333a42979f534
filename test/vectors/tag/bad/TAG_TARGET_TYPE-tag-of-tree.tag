object c6838307f4dcd39cfd01747034a35f7c503c987b
type tree
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOhYMQD/Tlr84rv+f0H9KDrTne/SnVvm
97gIfhO/eUIA7pjk8NUBAOyeWqJOGqBsOHJ2N0xQW+hS04Pxl4oW//7CxjP6eZMB
=YERb
-----END PGP SIGNATURE-----
