"""Invented companies, addresses and labels. Nothing here names a person or a firm."""

# ruff: noqa: E501 (a table)

ACCOUNTS = ("Quillmere Group", "Quillmere Care", "Vantry Parcel", "Oakhollow Retail")
SLUGS = ("quillmere", "care", "vantry", "oakhollow")

# street, city, region, postal code
ADDRESSES = {
    "US": (
        ("1200 Placeholder Avenue", "San Francisco", "CA", "94105"),
        ("48 Sample Street", "Chicago", "IL", "60601"),
        ("305 Specimen Road", "Austin", "TX", "78701"),
    ),
    "CA": (("77 Example Street West", "Toronto", "ON", "M5H 2N2"), ("9 rue Exemple", "Montreal", "QC", "H3B 1A7")),
    "GB": (("14 Sample Lane", "Leeds", "West Yorkshire", "LS1 4AB"), ("3 Pattern Row", "London", "London", "EC2A 1AA")),
    "DE": (("Musterstraße 12", "Berlin", "BE", "10117"),),
    "FR": (("8 rue du Modèle", "Lyon", "Auvergne-Rhône-Alpes", "69002"),),
    "AU": (("21 Example Parade", "Melbourne", "VIC", "3000"),),
    "SE": (("Exempelgatan 5", "Göteborg", "Västra Götaland", "411 03"),),
    "IE": (("6 Sample Quay", "Dublin", "Dublin", "D02 X285"),),
    "NL": (("Voorbeeldstraat 31", "Amsterdam", "Noord-Holland", "1012 AB"),),
    "ES": (("Calle del Ejemplo 19", "Madrid", "Madrid", "28013"),),
    "IT": (("Via dell'Esempio 4", "Milano", "MI", "20121"),),
    "BE": (("Voorbeeldlaan 10", "Bruxelles", "Bruxelles", "1000"),),
    "AT": (("Mustergasse 2", "Wien", "Wien", "1010"),),
    "BR": (("Rua do Exemplo 230", "São Paulo", "SP", "01310-100"),),
    "JP": (("1-2-3 Mihon", "Tokyo", "Tokyo", "100-0005"),),
}  # fmt: skip

APPLICATIONS = (
    "Support IVR",
    "Appointment reminders",
    "Delivery updates",
    "Call recording",
    "After-hours voicemail",
    "Two-way SMS",
    "Store locator",
    "Outbound dialer",
)
TEAMS = (
    "Support",
    "Sales",
    "Billing",
    "Dispatch",
    "Returns",
    "Front desk",
    "Night desk",
    "Reminders",
    "Surveys",
    "Onboarding",
    "Field service",
    "Reservations",
    "Order status",
    "Fraud hotline",
    "Partner line",
    "Careers",
)
REMARKS = (
    "",
    "",
    "",
    "",
    " (overflow)",
    " (test)",
    " – keep!",
    " – campaign 2025",
    " – do not release",
    " #2",
    " OLD",
    " (ported)",
    " – moved to Care",
    " backup",
    " / fax",
    " – ask ops first",
)
TEXTS = (
    "Your order is on its way. Track it at https://example.com/t",
    "Reminder: your appointment is tomorrow at 10:30. Reply C to confirm.",
    "C",
    "Thanks, we have received your request.",
    "Your code is 493021. It expires in 10 minutes.",
    "When will my parcel arrive?",
    "STOP",
    "The store opens at 9 today.",
)
# People and firms that nobody is.
FIRST_NAMES = (
    "Ottilie", "Casimir", "Wilhelmina", "Thaddeus", "Perpetua", "Leopold", "Euphemia", "Ignatius", "Seraphina",
    "Barnaby", "Philippa", "Anselm", "Rosalind",
)  # fmt: skip
LAST_NAMES = (
    "Marblethwaite", "Quillfeather", "Bramblewick", "Thistledown", "Hollowmere", "Featherstoke", "Larkspurne",
    "Mossgrave", "Pennyroyal-Smit", "Winterbourne", "Ashcombe", "Dunnockley",
)  # fmt: skip
FIRMS = (
    "Thornlea",
    "Pebblecroft",
    "Larkmoor",
    "Brindlewood",
    "Saltmarsh",
    "Copperfell",
    "Heronsgate",
    "Wickerby",
)
TRADES = (
    "Dental", "Couriers", "Garden Supply", "Language School", "Interiors", "Bicycles", "Legal", "Fitness", "Bakery",
)  # fmt: skip
