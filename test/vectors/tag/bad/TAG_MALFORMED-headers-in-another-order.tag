object c6838307f4dcd39cfd01747034a35f7c503c987b
tag v1.0.0
type commit
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOjVTgD/VLahjnTdx2ZSg9coZy+dDUNV
0q8wQb5kqpUEkwCWPykBAKKyo4Q1GlOtT8KhxvH3ZYSNgYqsk3hZh4WXFCNOCBoC
=eyMR
-----END PGP SIGNATURE-----
