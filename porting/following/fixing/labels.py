"""What the values are called that can be corrected, by their names in a draft."""

LABELS = {
    "customer_name": "Customer name",
    "customer_type": "Customer type",
    "account_number": "Account number",
    "authorized_representative": "Authorized representative",
    "authorized_representative_email": "Representative's e-mail",
    "street": "Street",
    "street_2": "Building, floor or suite",
    "city": "City",
    "state": "State",
    "zip": "ZIP code",
}
