object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

[2KRelease 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fSrngEA+g8OhUN3Zj74XwJEVNUryxyU
RjhR0BpLkUP0xFkozEABAPXQgFJcnVIzIFeSdXE8Cxaay8HNwmTJQAQYVEqfw7kJ
=kUcv
-----END PGP SIGNATURE-----
