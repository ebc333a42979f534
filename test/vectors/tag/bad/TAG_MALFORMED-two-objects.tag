object c6838307f4dcd39cfd01747034a35f7c503c987b
object c6838307f4dcd39cfd01747034a35f7c503c987b
type commit
tag v1.0.0
tagger Rita Release <rita@example.org> 1767312000 +0000

Release 1.0.0

Première, 基盤.
-----BEGIN PGP SIGNATURE-----

iI4EABYIADYWIQQetMhpjTJXA2cmr00pG/BwTfTd9AUCaVcKgBgcZ3BnLWVkMjU1
MTlAZXhhbXBsZS5vcmcACgkQKRvwcE303fSYwwEA1mMbm7PkBAhWDL0F0vQsn0DL
h9wZA9xlG4YhjvAkOZoBAJ+6UVW8rEvbmaTgojHfXct//z+HO98Z9nD1wiH7HIwA
=CPs9
-----END PGP SIGNATURE-----
