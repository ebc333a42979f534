object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita‮ Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOjhfwD/YXbCf8TuSWfoOgNdUdCCIlwP
MtUMBWMSVbkU5z+Wr/gA/0QivImzS4coM/4ujstu74g45zLfkdjra0SJur3e1bEF
=4WzR
-----END PGP SIGNATURE-----
