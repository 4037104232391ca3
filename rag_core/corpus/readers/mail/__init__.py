"""Mail (.eml): `reader` puts together what the other modules find."""
