object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000
x-approved yes

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQSwVcOHgvKNYkfm0TQYE7Nt/qdI6AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQGBOzbf6nSOiZ5QD/QsTWIDP+O/vfxxstdK1vE8na
yV8GVvfM/X/Q3wFwwUoBAPUTjjcgE6VDV4b4teL00RzASBOdcvyB6iFuLYEPIp0O
=gPku
-----END PGP SIGNATURE-----
