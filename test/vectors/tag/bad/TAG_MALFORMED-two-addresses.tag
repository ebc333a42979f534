object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> <eve@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOhQVAEAhX59sbfkc2oHYBADfP6JI91L
2DrkZzYh9G9KmC43ipkBAKacAXWU9lq/BzecHdn1OWfmUOCHXpR2C1S7n47NRD8F
=GoJ7
-----END PGP SIGNATURE-----
