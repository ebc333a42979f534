object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> <eve@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fQjYwD/VkOq5jtzYns9e/MYyDPhRTQs
JzQlnm9WGzzkR2Jar4QA/jSyLRr5ahUp1QDLBp0/tMdi3iDJsghoto51LEMyMEkE
=z0hk
-----END PGP SIGNATURE-----
