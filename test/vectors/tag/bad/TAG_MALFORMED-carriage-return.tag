object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOhrHQEAq3yw84ctxTFYToPdgpnYsief
OKx05xF/HSkrZvgka3YBAN9hSb2EI9UfBdx0cCl2kUE5pUkv87D/dGRSpPZSHVsF
=ReB4
-----END PGP SIGNATURE-----
