object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000
gpgsig-sha256 approved

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOh1HAD/Z1dNLYEQxfjNQsNKQ/MBEKhP
tJ/XdbQ4u2eELrpqtxABAN3oIGXn3z9oCDtWp7w9ZP7E8NrL49wmdQ0c+ggbmyQF
=nRPP
-----END PGP SIGNATURE-----
