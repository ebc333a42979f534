object c6838307f4dcd39cfd01747034a35f7c503c987b
type tag
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fT2HgD/flAmU344U1oFfAE+QwLipr0b
5wc1GTIvJar+AAPaSxoA/1QN/nLT95qf+RpXdZ8IR7s08h8/pKtSb0l0QdCfR74L
=7GMD
-----END PGP SIGNATURE-----
